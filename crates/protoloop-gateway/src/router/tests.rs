//! Tests are named after the rows of the corner-case table in `docs/reference/http-mapping.md`.

use proptest::prelude::*;
use protoloop_schema::{Body, FieldPath};

use super::*;

/// Reads a template that is known to be right; the parser proper is the schema's.
fn template(text: &str) -> PathTemplate {
    let mut parsed = PathTemplate {
        text: text.into(),
        segments: Vec::new(),
        verb: None,
        variables: Vec::new(),
    };
    let end = text.rfind(['/', '}']).unwrap_or_default();
    let (path, verb) = match text[end..].find(':') {
        Some(colon) => text.split_at(end + colon),
        None => (text, ""),
    };
    parsed.verb = verb.strip_prefix(':').map(Into::into);
    let mut open = None;
    for piece in path[1..].split('/').filter(|piece| !piece.is_empty()) {
        let mut piece = piece;
        if let Some(variable) = piece.strip_prefix('{') {
            let (name, first) = variable
                .split_once('=')
                .unwrap_or((variable.trim_end_matches('}'), "*}"));
            open = Some((name, parsed.segments.len()));
            piece = first;
        }
        parsed.segments.push(match piece.trim_end_matches('}') {
            "*" => Segment::Single,
            "**" => Segment::Multi,
            literal => Segment::Literal(percent::decode_segment(literal).unwrap().into()),
        });
        if piece.ends_with('}') {
            let (name, start) = open.take().unwrap();
            let numbers = vec![1];
            let path = FieldPath {
                text: name.into(),
                numbers,
            };
            parsed.variables.push((path, start..parsed.segments.len()));
        }
    }
    parsed
}

fn method_of(token: &str) -> HttpMethod {
    match token {
        "GET" => HttpMethod::Get,
        "PUT" => HttpMethod::Put,
        "POST" => HttpMethod::Post,
        "DELETE" => HttpMethod::Delete,
        "PATCH" => HttpMethod::Patch,
        "*" => HttpMethod::Any,
        other => HttpMethod::Custom(other.into()),
    }
}

/// A router of lines such as `GET /v1/{id}`.
fn router(routes: &[&str]) -> Router {
    let mut router = Router::default();
    for (index, route) in routes.iter().enumerate() {
        let (method, text) = route.split_once(' ').unwrap();
        let rule = HttpRule {
            method: method_of(method),
            template: template(text),
            body: Body::None,
            response_body: None,
            location: Location::default(),
        };
        let id = MethodId(u32::try_from(index).unwrap());
        router.check(&rule, route).unwrap();
        router.add(id, 0, &rule).unwrap();
    }
    router
}

/// What a request leads to, as `template name=value …`, `405 GET,HEAD`, `404` or the error.
fn lookup(router: &Router, request: &str) -> String {
    let (method, path) = request.split_once(' ').unwrap();
    match router.find(method, path) {
        Outcome::Found(found) => {
            let template = &router.routes()[found.route].template;
            let mut text = template.text.to_string();
            for (name, range) in &template.variables {
                let value = found.variable(template, range, PathProfile::default());
                text += &format!(" {}={value}", name.text);
            }
            text
        }
        Outcome::MethodNotAllowed { allow } => format!("405 {}", allow.join(",")),
        Outcome::NotFound => "404".to_owned(),
        Outcome::Invalid(error) => format!("{error:?}"),
    }
}

fn check(routes: &[&str], table: &[(&str, &str)]) {
    let router = router(routes);
    for (request, expected) in table {
        assert_eq!(
            lookup(&router, request),
            *expected,
            "{request} among {routes:?}"
        );
    }
}

#[test]
fn case_01_the_root_is_a_path() {
    check(
        &["GET /"],
        &[("GET /", "/"), ("GET //", "404"), ("GET /a", "404")],
    );
}

#[test]
fn case_02_a_star_is_one_segment_and_never_an_empty_one() {
    check(
        &["GET /c/*/v", "GET /d/{x}"],
        &[
            ("GET /c/a/v", "/c/*/v"),
            ("GET /c//v", "404"),
            ("GET /c/a/b/v", "404"),
            ("GET /d/", "404"),
            ("GET /d", "404"),
            ("GET /d/a/", "404"),
        ],
    );
}

#[test]
fn case_03_two_stars_are_zero_or_more_segments() {
    check(
        &["GET /f/{x=**}"],
        &[
            ("GET /f", "/f/{x=**} x="),
            ("GET /f/a", "/f/{x=**} x=a"),
            ("GET /f/a/b/c", "/f/{x=**} x=a/b/c"),
            ("GET /f/a//b/", "/f/{x=**} x=a//b/"),
            ("GET /g", "404"),
        ],
    );
}

#[test]
fn case_04_two_stars_may_have_literals_behind_them() {
    check(
        &["GET /{x=**}/a/b", "GET /p/{x=a/**/b}/c"],
        &[
            ("GET /a/b", "/{x=**}/a/b x="),
            ("GET /1/2/a/b", "/{x=**}/a/b x=1/2"),
            ("GET /1/2/a/c", "404"),
            ("GET /p/a/b/c", "/p/{x=a/**/b}/c x=a/b"),
            ("GET /p/a/1/2/b/c", "/p/{x=a/**/b}/c x=a/1/2/b"),
        ],
    );
    let two = HttpRule {
        method: HttpMethod::Get,
        template: template("/{a=**}/{b=**}"),
        body: Body::None,
        response_body: None,
        location: Location::default(),
    };
    assert!(Router::default().check(&two, "p.S/M").is_err());
}

#[test]
fn case_06_a_bare_variable_is_a_star() {
    check(
        &["GET /v1/{id}"],
        &[("GET /v1/7", "/v1/{id} id=7"), ("GET /v1/7/8", "404")],
    );
}

#[test]
fn case_09_a_variable_never_has_the_leading_slash() {
    check(
        &["GET /v1/{name=shelves/*/books/*}"],
        &[(
            "GET /v1/shelves/1/books/2",
            "/v1/{name=shelves/*/books/*} name=shelves/1/books/2",
        )],
    );
}

#[test]
fn case_10_literals_compare_after_decoding() {
    check(
        &["GET /foo%2Fbar", "GET /foo"],
        &[
            ("GET /foo%2fbar", "/foo%2Fbar"),
            ("GET /foo%2Fbar", "/foo%2Fbar"),
            ("GET /foo/bar", "404"),
            ("GET /%66oo", "/foo"),
        ],
    );
}

#[test]
fn case_11_a_single_segment_decodes_everything() {
    check(
        &["GET /{x}"],
        &[
            ("GET /a%2Fb%3A%20+", "/{x} x=a/b: +"),
            ("GET /%C3%A9", "/{x} x=é"),
        ],
    );
}

#[test]
fn case_12_and_13_several_segments_keep_an_escaped_slash_as_sent() {
    check(
        &["GET /a/{x=**}", "GET /b/{x=c/*}"],
        &[
            ("GET /a/1%2f2%2F3%3A%20", "/a/{x=**} x=1%2f2%2F3: "),
            ("GET /a/%2F", "/a/{x=**} x=%2F"),
            ("GET /b/c/d%2Fe%20f", "/b/{x=c/*} x=c/d%2Fe f"),
        ],
    );
}

#[test]
fn case_14_and_15_a_bad_escape_is_an_error_on_every_path() {
    let router = router(&["GET /a/{x}"]);
    for path in ["/a/%", "/a/%zz", "/nowhere/%2", "/a/%/2F"] {
        let Outcome::Invalid(PathError::Escape(error)) = router.find("GET", path) else {
            panic!("{path} was accepted");
        };
        assert_eq!(error.offset, path.find('%').unwrap(), "{path}");
    }
    assert!(matches!(
        router.find("GET", "/a/%ff"),
        Outcome::Invalid(PathError::Escape(crate::EscapeError {
            kind: crate::EscapeErrorKind::NotUtf8,
            ..
        }))
    ));
}

#[test]
fn case_16_a_verb_is_behind_the_last_fitting_colon() {
    check(
        &[
            "POST /{a}/{b}:verb",
            "POST /{a}/{b}",
            "POST /x/{b}:custom:custom",
            "POST /x/{b}:custom",
        ],
        &[
            (
                "POST /some:verb/const:verb",
                "/{a}/{b}:verb a=some:verb b=const",
            ),
            ("POST /some/const:other", "/{a}/{b} a=some b=const:other"),
            ("POST /some/const%3Averb", "/{a}/{b} a=some b=const:verb"),
            ("POST /some/a:b:verb", "/{a}/{b}:verb a=some b=a:b"),
            ("POST /some/a:", "/{a}/{b} a=some b=a:"),
            ("POST /x/1:custom:custom", "/x/{b}:custom:custom b=1"),
            ("POST /x/1:custom", "/x/{b}:custom b=1"),
            ("POST /some/1:custom", "/{a}/{b} a=some b=1:custom"),
            ("POST /some/:verb", "/{a}/{b} a=some b=:verb"),
        ],
    );
}

#[test]
fn case_17_the_verb_decides() {
    check(
        &["GET /{x=**}:verb", "GET /person/{id}"],
        &[
            ("GET /person/1", "/person/{id} id=1"),
            ("GET /person/1:verb", "/{x=**}:verb x=person/1"),
            ("GET /person:verb", "/{x=**}:verb x=person"),
            ("GET /:verb", "/{x=**}:verb x="),
        ],
    );
}

#[test]
fn case_18_the_search_goes_back_and_asks_for_the_method() {
    check(
        &[
            "GET /a/b/{x}",
            "GET /{x=**}/a/b",
            "POST /v1/todos/search",
            "GET /v1/todos/{id}",
            "DELETE /v1/todos/{id}",
            "POST /v1/todos/{id}:done",
        ],
        &[
            ("GET /a/b/c", "/a/b/{x} x=c"),
            ("GET /a/b/a/b", "/{x=**}/a/b x=a/b"),
            ("GET /a/b", "/{x=**}/a/b x="),
            ("POST /v1/todos/search", "/v1/todos/search"),
            ("GET /v1/todos/search", "/v1/todos/{id} id=search"),
            ("PUT /v1/todos/search", "405 DELETE,GET,HEAD,OPTIONS,POST"),
            ("PUT /v1/todos/7", "405 DELETE,GET,HEAD,OPTIONS"),
            ("PUT /v1/todos/7:done", "405 DELETE,GET,HEAD,OPTIONS,POST"),
            ("HEAD /v1/todos/7", "/v1/todos/{id} id=7"),
            ("GET /v1/todos/7:done", "/v1/todos/{id} id=7:done"),
            ("GET /v2", "404"),
        ],
    );
}

#[test]
fn case_19_many_slashes_are_too_long() {
    let router = router(&["GET /{x=**}", "GET /a/{x=**}/b"]);
    let slashes = "/".repeat(64_000);
    assert!(matches!(
        router.find("GET", &slashes),
        Outcome::Invalid(PathError::TooLong)
    ));
    let most = "/a".repeat(MAX_SEGMENTS);
    assert!(matches!(router.find("GET", &most), Outcome::Found(_)));
    assert!(matches!(
        router.find("GET", &(most + "/a")),
        Outcome::Invalid(PathError::TooLong)
    ));
    let colons = format!("/{}", ":".repeat(MAX_PATH_BYTES - 1));
    assert!(matches!(router.find("GET", &colons), Outcome::Found(_)));
    assert!(matches!(
        router.find("OPTIONS", "*"),
        Outcome::Invalid(PathError::NotAbsolute)
    ));
}

#[test]
fn case_20_the_same_shape_twice_is_refused() {
    let mut router = router(&["GET /v1/{a}", "POST /v1/{a}", "GET /v1/{a}:x"]);
    let mut add = |method, text| {
        let rule = HttpRule {
            method,
            template: template(text),
            body: Body::None,
            response_body: None,
            location: Location::default(),
        };
        router.add(MethodId(9), 0, &rule)
    };
    assert_eq!(add(HttpMethod::Get, "/v1/{b}"), Err(0));
    assert_eq!(add(HttpMethod::Get, "/v1/*:x"), Err(2));
    assert_eq!(add(HttpMethod::Get, "/v1/{b=**}"), Ok(()));
}

#[test]
fn case_21_a_kind_is_any_method_and_a_star_every_method() {
    check(
        &["REPORT /r", "* /r", "GET /r"],
        &[("REPORT /r", "/r"), ("PUT /r", "/r"), ("GET /r", "/r")],
    );
    let router = router(&["REPORT /r", "* /r", "GET /r"]);
    let index = |method| match router.find(method, "/r") {
        Outcome::Found(found) => found.route,
        other => panic!("{other:?}"),
    };
    assert_eq!(["REPORT", "PUT", "GET", "HEAD"].map(index), [0, 1, 2, 2]);
}

// --- against a matcher that tries every route

/// The choices a template makes on a path, comparable: less is better. `None` if it does not match.
fn naive(segments: &[Segment], path: &[&str]) -> Option<Vec<(u8, usize)>> {
    let Some((first, rest)) = segments.split_first() else {
        return path.is_empty().then(Vec::new);
    };
    let with = |choice, left| {
        let mut choices = vec![choice];
        choices.extend(naive(rest, left)?);
        Some(choices)
    };
    match first {
        Segment::Multi => (0..=path.len()).find_map(|taken| with((2, taken), &path[taken..])),
        Segment::Single => path
            .split_first()
            .filter(|(s, _)| !s.is_empty())
            .and_then(|(_, left)| with((1, 0), left)),
        Segment::Literal(text) => path
            .split_first()
            .filter(|(s, _)| ***s == **text)
            .and_then(|(_, left)| with((0, 0), left)),
    }
}

fn reference(router: &Router, method: &str, path: &str) -> Option<usize> {
    let candidates = router
        .routes()
        .iter()
        .enumerate()
        .filter_map(|(index, route)| {
            let verb = route
                .template
                .verb
                .as_deref()
                .map_or(String::new(), |verb| format!(":{verb}"));
            let path = path
                .strip_suffix(&verb)
                .filter(|_| !path[path.rfind('/').unwrap()..].is_empty())?;
            let split: Vec<&str> = match path {
                "/" | "" => Vec::new(),
                path => path[1..].split('/').collect(),
            };
            let exact = route.http_method.as_str() == method;
            let fits = exact || route.http_method == HttpMethod::Any;
            let choices = naive(&route.template.segments, &split).filter(|_| fits)?;
            Some((std::cmp::Reverse(verb.len()), choices, !exact, index))
        });
    candidates.min().map(|(_, _, _, index)| index)
}

fn any_template() -> impl Strategy<Value = String> {
    let segment = prop_oneof![4 => Just("a"), 3 => Just("b"), 4 => Just("*"), 2 => Just("**")];
    let verb = prop_oneof![4 => Just(""), 1 => Just(":v"), 1 => Just(":w:v")];
    (proptest::collection::vec(segment, 1..5), verb).prop_map(|(mut segments, verb)| {
        let first = segments.iter().position(|s| *s == "**");
        if let Some(first) = first {
            segments.truncate(first + 3);
            for behind in &mut segments[first + 1..] {
                *behind = if *behind == "a" { "a" } else { "b" };
            }
        }
        format!("/{}{verb}", segments.join("/"))
    })
}

fn any_path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![3 => Just("a"), 3 => Just("b"), 2 => Just("c"), 1 => Just(""), 1 => Just("a:v")];
    let tail = prop_oneof![3 => Just(""), 1 => Just(":v"), 1 => Just(":w:v"), 1 => Just(":x")];
    (proptest::collection::vec(segment, 1..6), tail)
        .prop_map(|(segments, tail)| format!("/{}{tail}", segments.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn finds_what_trying_every_route_finds(
        templates in proptest::collection::vec((prop_oneof!["GET", "POST", "\\*"], any_template()), 1..12),
        paths in proptest::collection::vec(any_path(), 1..12),
    ) {
        let mut router = Router::default();
        for (method, text) in &templates {
            let rule = HttpRule {
                method: method_of(method),
                template: template(text),
                body: Body::None,
                response_body: None,
                location: Location::default(),
            };
            let _duplicates_are_left_out = router.add(MethodId(0), 0, &rule);
        }
        for path in &paths {
            let found = match router.find("GET", path) {
                Outcome::Found(found) => Some(found.route),
                _ => None,
            };
            prop_assert_eq!(found, reference(&router, "GET", path), "GET {} among {:?}", path, &templates);
        }
    }

    #[test]
    fn never_panics(method in "[A-Z]{0,4}|HEAD|GET", path in "(/?[a-z:%2F.é]{0,3}){0,140}") {
        let router = router(&["GET /{x=**}:c", "GET /a/{x}/b", "POST /{x=a/**/b}/c", "* /a/{y=c/*}"]);
        let _outcome = lookup(&router, &format!("{method} {path}"));
    }
}
