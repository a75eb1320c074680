//! Looking a route up among 10 and among 10,000.
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(
    clippy::expect_used,
    reason = "a benchmark that cannot start has nothing to say"
)]

use std::{cell::Cell, fmt::Write as _, hint::black_box};

use protoloop_benches::{Contestant, Race, print};
use protoloop_gateway::{Outcome, Router};
use protoloop_schema::Schema;
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

/// The routes of each resource.
const PER_RESOURCE: usize = 5;

fn main() {
    let few = router(10 / PER_RESOURCE);
    let many = router(10_000 / PER_RESOURCE);
    assert_eq!((few.routes().len(), many.routes().len()), (10, 10_000));
    let here = requests(0, 10 / PER_RESOURCE);
    let there = requests(5_000 / PER_RESOURCE, 10 / PER_RESOURCE);
    let everywhere = requests(0, 10_000 / PER_RESOURCE);
    let races = [
        Race::run(
            "ten routes in turn",
            0,
            vec![
                contestant("among 10,000", &many, &there, None),
                contestant("among 10", &few, &here, Some(0.67)),
            ],
        ),
        Race::run(
            "all routes in turn, so that each look-up misses the cache",
            0,
            vec![
                contestant("among 10,000", &many, &everywhere, None),
                contestant("among 10", &few, &here, None),
            ],
        ),
    ];
    print(&races);
}

fn contestant<'a>(
    name: &'a str,
    router: &'a Router,
    requests: &'a [(&'static str, String)],
    target: Option<f64>,
) -> Contestant<'a> {
    let next = Cell::new(0);
    Contestant {
        name,
        run: Box::new(move || {
            // A prime step, so that neighbours are not asked for one after the other.
            let index = (next.get() + 1_999) % requests.len();
            next.set(index);
            let (method, path) = &requests[index];
            let outcome = black_box(router).find(method, path);
            assert!(matches!(black_box(outcome), Outcome::Found(_)));
        }),
        target,
    }
}

/// One request for each route of `count` resources.
fn requests(first: usize, count: usize) -> Vec<(&'static str, String)> {
    (first..first + count)
        .flat_map(|index| {
            let all = format!("/v1/shops/7/resource{index}");
            let one = format!("{all}/0195f2c7");
            [
                ("GET", one.clone()),
                ("GET", all.clone()),
                ("POST", all),
                ("DELETE", one.clone()),
                ("POST", format!("{one}:archive")),
            ]
        })
        .collect()
}

fn router(resources: usize) -> Router {
    let mut text = String::from(
        "syntax = \"proto3\"; package b.v1; import \"google/api/annotations.proto\";
         message M { string shop = 1; string id = 2; } service S {",
    );
    for index in 0..resources {
        let all = format!("/v1/shops/{{shop}}/resource{index}");
        let rules = [
            format!("get: \"{all}/{{id}}\""),
            format!("get: \"{all}\""),
            format!("post: \"{all}\" body: \"*\""),
            format!("delete: \"{all}/{{id}}\""),
            format!("post: \"{all}/{{id}}:archive\" body: \"*\""),
        ];
        for (rule, name) in rules.iter().zip('A'..) {
            writeln!(
                text,
                "rpc {name}{index}(M) returns (M) {{ option (google.api.http) = {{ {rule} }}; }}"
            )
            .expect("a string takes all text");
        }
    }
    text.push('}');
    let mut resolver = ChainFileResolver::new();
    resolver.add(Text(text));
    let protos = concat!(env!("CARGO_MANIFEST_DIR"), "/../proto");
    resolver.add(IncludeFileResolver::new(protos.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    compiler.open_file("bench.proto").expect("a good file");
    let schema = Schema::from_descriptor_set(&compiler.encode_file_descriptor_set());
    Router::new(&schema.expect("a good schema")).expect("good routes")
}

/// One file in memory.
struct Text(String);

impl FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            "bench.proto" => File::from_source(name, &self.0),
            _ => Err(protox::Error::file_not_found(name)),
        }
    }
}
