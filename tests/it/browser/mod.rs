//! Clients that run in a browser, on a page of another origin; what the page does stands in `tests/browser`.

mod page;

use serde_json::{Value, json};

use crate::support::{library::Library, served::Served};
use page::Page;

#[test]
fn a_page_of_another_origin_calls_by_every_client() {
    let (Some(library), Some(page)) = (Library::new(), Page::new()) else {
        return;
    };
    let upstream = library.start();
    let page = page.serve(library.descriptors());
    let arguments = ["--upstream", &upstream.url(), "--cors", page.origin()];
    let gateway = Served::gateway(&arguments);
    let found = page.open(&gateway.url());
    let report = || format!("{found:#}");
    for (client, peek) in [
        ("connect json", "POST"),
        ("connect proto", "POST"),
        ("connect get", "GET"),
        ("connect get proto", "GET"),
        ("connect-web grpc-web", "POST"),
    ] {
        assert_eq!(found[client], connect_web(peek), "{client}: {}", report());
    }
    assert_eq!(
        found["grpc-web binary"],
        grpc_web(json!("not as bytes")),
        "{}",
        report()
    );
    assert_eq!(
        found["grpc-web text"],
        grpc_web(json!([3, true])),
        "{}",
        report()
    );
    let three = "books/0,books/1,books/2";
    let fetched = json!({"title": "spice", "head": "head", "missing": [404, "NOT_FOUND"]});
    assert_eq!(found["fetch"], fetched);
    assert_eq!(found["health"], "SERVING");
    assert_eq!(found["events"], json!([three, "end"]));
    assert_eq!(found["socket"], json!([three, 1000]));
}

#[test]
fn a_page_that_cors_does_not_name_calls_in_vain() {
    let (Some(library), Some(page)) = (Library::new(), Page::new()) else {
        return;
    };
    let upstream = library.start();
    let page = page.serve(library.descriptors());
    let gateway = Served::gateway(&["--upstream", &upstream.url()]);
    let found = page.open(&gateway.url());
    let parts = found.as_object().expect("a report");
    assert!(!parts.contains_key("page"), "{found:#}");
    for (name, part) in parts {
        let text = part.to_string();
        assert!(
            !text.contains("spice") && !text.contains("books/0"),
            "{name}: {text}"
        );
    }
}

/// What a client of connect-web sees. `peek` is the HTTP method of a call without side effects.
fn connect_web(peek: &str) -> Value {
    json!({
        "unary": {
            "name": "books/dune",
            "title": "spice",
            "deadline": true,
            "head": "head",
            "bytes": "AP8",
            "tail": "tail",
        },
        "safe": ["books/é ?&", peek],
        "error": {
            "code": "NotFound",
            "message": "there is no books/missing",
            "details": ["google.rpc.ErrorInfo", "library.v1.Nowhere"],
            "tail": "shelf 7",
        },
        "deadline": "DeadlineExceeded",
        "stream": ["books/0,books/1,books/2", "ok"],
        "broken": ["books/0,books/1", "DataLoss"],
        "cancelled": ["Canceled", true],
    })
}

/// What Google's client sees.
#[allow(
    clippy::needless_pass_by_value,
    reason = "it becomes a part of the value"
)]
fn grpc_web(cancelled: Value) -> Value {
    json!({
        "unary": {"name": "books/dune", "title": "spice", "head": "head", "tail": "tail"},
        "error": {
            "code": "NOT_FOUND",
            "message": "there is no books/missing",
            "details": true,
            "tail": "shelf 7",
        },
        "deadline": "DEADLINE_EXCEEDED",
        "stream": ["books/0,books/1,books/2", "ok"],
        "broken": ["books/0,books/1", "DATA_LOSS"],
        "cancelled": cancelled,
    })
}
