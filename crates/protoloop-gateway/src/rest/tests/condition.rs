//! Etags, `If-Match`, `If-None-Match` and `Idempotency-Key`.

use protoloop_core::Detail;

use super::*;

fn notes() -> &'static RestGateway {
    static GATEWAY: OnceLock<RestGateway> = OnceLock::new();
    GATEWAY.get_or_init(|| gateway_with(include_str!("note.proto"), RestOptions::default()))
}

/// What the handler answers: JSON of a message, or an error.
type Told<'a> = std::result::Result<(&'a str, &'a str), Error>;

/// The answer, and the request's message as JSON where the handler got one.
fn exchange(text: &str, told: Told<'_>) -> (Answer, String) {
    let tables = &notes().tables;
    let echo = Echo::default();
    let reply = told.map(|(message, json)| {
        let id = tables.by_name(message).unwrap();
        let options = protoloop_wire::json::DecodeOptions::default();
        let bytes = protoloop_wire::json::decode(tables, id, json.as_bytes(), &options);
        Reply::unary(Bytes::from(bytes.unwrap()))
    });
    *echo.answer.lock().unwrap() = Some(reply);
    let answer = send_to(notes(), &echo, text);
    let request = echo.request.lock().unwrap().take();
    let shown = request.map_or_else(String::new, |(method, message)| {
        let schema = tables.schema();
        let input = schema.method_by_path(&method).unwrap().input;
        let options = protoloop_wire::json::EncodeOptions::default();
        let mut json = Vec::new();
        protoloop_wire::json::encode(tables, input, &message, &options, &mut json).unwrap();
        String::from_utf8(json).unwrap()
    });
    (answer, shown)
}

const BOOK: Told<'_> = Ok(("n.v1.Book", r#"{"name":"a","etag":"\"1\""}"#));

#[test]
fn an_etag_field_becomes_the_header() {
    for (etag, expected) in [
        (r#"\"1\""#, "\"1\""),
        ("1", "\"1\""),
        (r#"W/\"1\""#, "W/\"1\""),
        ("", ""),
        ("a b", ""),
    ] {
        let json = format!(r#"{{"name":"a","etag":"{etag}"}}"#);
        let (answer, _) = exchange("GET /lib/a", Ok(("n.v1.Book", &json)));
        assert_eq!((answer.status, answer.header("etag")), (200, expected));
    }
    let note = ("n.v1.Note", r#"{"id":"a","etag":"\"2\""}"#);
    for text in [
        "GET /v1/notes/a",
        "POST /v1/notes\n\n{}",
        "PATCH /v1/notes/a\n\n{}",
    ] {
        let (answer, _) = exchange(text, Ok(note));
        assert_eq!(answer.header("etag"), "\"2\"", "{text}");
    }
    let lent = ("n.v1.LendBookResponse", r#"{"book":{"etag":"\"3\""}}"#);
    assert_eq!(exchange("POST /lib/a:lend", Ok(lent)).0.header("etag"), "");
    assert_eq!(
        exchange("POST /lib/a:lendBook", Ok(lent)).0.header("etag"),
        "\"3\""
    );
}

#[test]
fn a_read_compares_its_answer() {
    for (condition, status) in [
        ("if-none-match: \"1\"", 304),
        ("if-none-match: \"0\", W/\"1\"", 304),
        ("if-none-match: \"0\"\nif-none-match: \"1\"", 304),
        ("if-none-match: *", 304),
        ("if-none-match: \"0\"", 200),
        ("if-match: \"1\"", 200),
        ("if-match: \"0\", \"1\"", 200),
        ("if-match: *", 200),
        ("if-match: W/\"1\"", 412),
        ("if-match: \"0\"", 412),
        ("if-match: \"1\"\nif-none-match: \"1\"", 304),
        ("if-match: 1", 400),
        ("if-none-match: *, \"1\"", 400),
    ] {
        for method in ["GET", "HEAD"] {
            let (answer, _) = exchange(&format!("{method} /lib/a\n{condition}"), BOOK);
            assert_eq!(
                answer.status, status,
                "{method} {condition}: {}",
                answer.body
            );
            if status == 304 {
                assert_eq!(answer.header("etag"), "\"1\"");
                assert_eq!((answer.header("content-type"), &*answer.body), ("", ""));
            }
        }
    }
    let (answer, _) = exchange("GET /v1/notes\nif-match: \"1\"", BOOK);
    assert_eq!(
        answer.line(),
        "400 If-Match: n.v1.NoteService/ListNotes has no etag to check; leave it out"
    );
}

#[test]
fn if_match_fills_the_etag_of_a_change() {
    for (text, bound) in [
        (
            "PATCH /lib/a\nif-match: \"1\"\n\n{\"title\":\"t\"}",
            r#"{"book":{"name":"a","title":"t","etag":"\"1\""}}"#,
        ),
        (
            "PATCH /lib/a\nif-match: W/\"1\"\n\n{}",
            r#"{"book":{"name":"a","etag":"W/\"1\""}}"#,
        ),
        (
            "PATCH /lib/a\nif-match: \"1\"\n\n{\"etag\":\"\\\"1\\\"\"}",
            r#"{"book":{"name":"a","etag":"\"1\""}}"#,
        ),
        ("DELETE /lib/a\nif-match: *", r#"{"name":"a","etag":"*"}"#),
        (
            "DELETE /lib/a?etag=%221%22\nif-match: \"1\"",
            r#"{"name":"a","etag":"\"1\""}"#,
        ),
        (
            "PUT /v1/notes/a\nif-match: \"1\"\n\n{}",
            r#"{"note":{"id":"a","etag":"\"1\""},"updateMask":"*"}"#,
        ),
        (
            "PATCH /v1/notes/a\nif-match: \"1\"\n\n{\"text\":\"t\"}",
            r#"{"note":{"id":"a","text":"t","etag":"\"1\""},"updateMask":"text"}"#,
        ),
        (
            "DELETE /v1/notes/a\nif-match: \"1\"",
            r#"{"id":"a","etag":"\"1\""}"#,
        ),
    ] {
        let (answer, shown) = exchange(text, Ok(("google.protobuf.Empty", "{}")));
        assert_eq!(
            (answer.status, &*shown),
            (200, bound),
            "{text}: {}",
            answer.body
        );
    }
}

#[test]
fn a_condition_that_cannot_be_checked_is_refused() {
    for (text, line) in [
        (
            "PATCH /lib/a\nif-match: \"1\"\n\n{\"etag\":\"2\"}",
            "book.etag: the body gives another value than the If-Match header",
        ),
        (
            "DELETE /lib/a?etag=2\nif-match: \"1\"",
            "etag: the query string gives another value than the If-Match header",
        ),
        (
            "DELETE /lib/a\nif-match: \"1\", \"2\"",
            "If-Match: n.v1.Library/Drop takes one etag",
        ),
        (
            "POST /lib/a:lend\nif-match: \"1\"",
            "If-Match: n.v1.Library/Lend has no etag to check; leave it out",
        ),
        (
            "POST /v1/notes\nif-match: \"1\"\n\n{}",
            "If-Match: n.v1.NoteService/CreateNote has no etag to check; leave it out",
        ),
        (
            "DELETE /lib/a\nif-none-match: *",
            "If-None-Match: n.v1.Library/Drop cannot check it; leave it out",
        ),
        (
            "POST /v1/notes\nif-none-match: \"1\"\n\n{}",
            "If-None-Match: n.v1.NoteService/CreateNote cannot check it; leave it out, or send *",
        ),
        (
            "PUT /v1/notes/a\nif-match: \"1\"\nif-none-match: *\n\n{}",
            "If-Match excludes If-None-Match",
        ),
    ] {
        let (answer, shown) = exchange(text, BOOK);
        assert_eq!(answer.line(), format!("400 {line}"), "{text}");
        assert_eq!(shown, "", "{text} reached the handler");
    }
}

#[test]
fn a_failed_condition_is_412_by_header_and_409_by_body() {
    let mismatch = || {
        Err(Error::aborted("changed").with_detail(Detail::ErrorInfo {
            reason: "ETAG_MISMATCH".to_owned(),
            domain: String::new(),
            metadata: Vec::new(),
        }))
    };
    let by_header = "PATCH /lib/a\nif-match: \"1\"\n\n{}";
    assert_eq!(exchange(by_header, mismatch()).0.line(), "412 changed");
    let by_body = "PATCH /lib/a\n\n{\"etag\":\"1\"}";
    assert_eq!(exchange(by_body, mismatch()).0.line(), "409 changed");
    let exists = || Err(Error::already_exists("there"));
    let new = "POST /v1/notes\nif-none-match: *\n\n{}";
    assert_eq!(exchange(new, exists()).0.line(), "412 there");
    assert_eq!(
        exchange("POST /v1/notes\n\n{}", exists()).0.line(),
        "409 there"
    );
    let gone = Err(Error::not_found("gone"));
    assert_eq!(exchange(by_header, gone).0.line(), "404 gone");
}

#[test]
fn an_idempotency_key_fills_the_request_id() {
    let key = "7f0c6c5e-9d6f-4d43-9b5c-0d1c0a3b2f11";
    for header in [key.to_owned(), format!("\"{key}\"")] {
        let text = format!("POST /lib/a:lend\nidempotency-key: {header}");
        let (answer, shown) = exchange(&text, Ok(("google.protobuf.Empty", "{}")));
        assert_eq!(answer.status, 200);
        assert_eq!(shown, format!(r#"{{"name":"a","requestId":"{key}"}}"#));
    }
    for (text, expected) in [
        (
            "POST /lib/a:lend\nidempotency-key: k\n\n{\"requestId\":\"k\"}",
            "200",
        ),
        ("DELETE /lib/a\nidempotency-key: k", "200"),
        (
            "POST /lib/a:lend\nidempotency-key: k\n\n{\"requestId\":\"l\"}",
            "400 request_id: the body gives another value than the Idempotency-Key header",
        ),
        (
            "PATCH /lib/a?requestId=l\nidempotency-key: k\n\n{}",
            "400 requestId: the query string gives another value than the Idempotency-Key header",
        ),
        (
            "POST /lib/a:lend\nidempotency-key: \"k",
            "400 header idempotency-key: expected one key, such as a UUID",
        ),
        (
            "POST /lib/a:lend\nidempotency-key:",
            "400 header idempotency-key: expected one key, such as a UUID",
        ),
    ] {
        let (answer, _) = exchange(text, Ok(("google.protobuf.Empty", "{}")));
        assert!(
            answer.line().starts_with(expected),
            "{text}: {}",
            answer.line()
        );
    }
}
