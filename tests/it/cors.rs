//! Pages of other origins.

use crate::support::{self, http, run::protoloop, served::Served};

const PAGE: &str = "https://shop.example";

fn todo(arguments: &[&str]) -> Served {
    Served::start_with(&support::root().join("examples/todo"), "memory:", arguments)
}

fn preflight(server: &Served, origin: &str) -> http::Response {
    let headers = [
        ("origin", origin),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "content-type,if-match"),
    ];
    http::send(server.address(), "OPTIONS", "/v1/todos/x", &headers, b"")
}

#[test]
fn other_origins_may_call_where_they_are_named() {
    let server = todo(&["--cors", "http://localhost:5173,https://shop.example"]);
    for origin in ["http://localhost:5173", PAGE] {
        let answer = preflight(&server, origin);
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        let methods = answer.header("access-control-allow-methods");
        assert!(
            methods.is_some_and(|names| names.contains("PATCH")),
            "{methods:?}"
        );
        let names = answer.header("access-control-allow-headers");
        assert_eq!(names, Some("content-type,if-match"));
        let answer = http::send(
            server.address(),
            "GET",
            "/v1/todos",
            &[("origin", origin)],
            b"",
        );
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("vary"), Some("origin"));
        let exposed = answer.header("access-control-expose-headers");
        assert!(
            exposed.is_some_and(|names| names.contains("etag")),
            "{exposed:?}"
        );
    }
    let other = preflight(&server, "https://evil.example");
    assert_eq!(other.header("access-control-allow-origin"), None);
    let every = todo(&["--cors", "*"]);
    let answer = preflight(&every, "https://evil.example");
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}

#[test]
fn no_other_origin_may_call_by_default() {
    let server = todo(&[]);
    let answer = preflight(&server, PAGE);
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("access-control-allow-methods"), None);
    let answer = http::send(
        server.address(),
        "GET",
        "/v1/todos",
        &[("origin", PAGE)],
        b"",
    );
    assert_eq!(
        answer.status, 200,
        "the browser keeps the answer back, not the server"
    );
    assert_eq!(answer.header("access-control-allow-origin"), None);
    let root = support::root();
    for wrong in [
        "shop.example",
        "*,https://shop.example",
        "https://shop.example/",
    ] {
        let ran = protoloop(&root, &["serve", "examples/todo", "--cors", wrong]);
        assert_eq!(ran.code, Some(2), "{ran}");
        assert!(ran.stderr.contains("https://shop.example"), "{ran}");
    }
}
