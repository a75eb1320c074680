//! Calls that are sent again, with one `Idempotency-Key`.

use crate::support::{self, http, served::Served};

#[test]
fn callers_do_not_get_the_answers_of_others() {
    let server = Served::start(&support::root().join("examples/todo"), "memory:");
    let mut ids = Vec::new();
    for caller in [
        None,
        Some(("authorization", "Bearer a")),
        Some(("authorization", "Bearer b")),
        Some(("cookie", "session=a")),
    ] {
        let mut headers = vec![
            ("content-type", "application/json"),
            ("idempotency-key", "0b5c1a52-3a0f-4f0e-9a52-6a3b8a3e9d11"),
        ];
        headers.extend(caller);
        let create = |body: &str| {
            let target = "/v1/todos";
            http::send(server.address(), "POST", target, &headers, body.as_bytes())
        };
        let first = create(r#"{"title":"once"}"#).json()["id"].to_string();
        let again = create(r#"{"title":"once"}"#).json()["id"].to_string();
        assert_eq!(first, again, "{caller:?}");
        assert!(!ids.contains(&first), "{caller:?}");
        ids.push(first);
        let other = create(r#"{"title":"twice"}"#);
        assert_eq!(other.status, 400, "{caller:?}: {}", other.text());
    }
    let all = http::get(server.address(), "/v1/todos").json();
    assert_eq!(all["todos"].as_array().map(Vec::len), Some(4), "{all}");
}
