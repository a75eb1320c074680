//! Answers of an upstream that are right but unusual, and such as are wrong.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::{
    self,
    crafted::{self, Answer, End, frame},
    fixture, http, root, run,
    served::Served,
};

/// `protoloop gateway` in front of an upstream that answers by the name of the book.
fn gateway(answer: fn(&str) -> Answer) -> (Served, tempfile::TempDir) {
    let upstream = crafted::start(move |_, message| {
        // `GetBookRequest { name: "books/…" }`
        let name = String::from_utf8_lossy(message.get(2..).unwrap_or_default());
        answer(name.trim_start_matches("books/"))
    });
    let folder = support::folder();
    let descriptors = folder.path().join("library.binpb");
    let (source, descriptors) = (
        fixture("library.proto"),
        descriptors.to_str().expect("UTF-8").to_owned(),
    );
    let source = source.to_str().expect("UTF-8");
    run::protoloop(
        &root(),
        &["generate", "descriptor", source, "-o", &descriptors],
    )
    .succeeded();
    let url = format!("http://{upstream}");
    let gateway = Served::gateway(&["--upstream", &url, "--descriptors", &descriptors]);
    (gateway, folder)
}

/// Every legal encoding of a `Book`, and what it is.
fn form(name: &str) -> (&'static [u8], Value) {
    match name {
        "twice" => (b"\x0a\x01a\x0a\x01b", json!({"name": "b"})),
        "backwards" => (b"\x12\x01t\x0a\x01n", json!({"name": "n", "title": "t"})),
        "entry-without-value" => (b"\x1a\x03\x0a\x01k", json!({"labels": {"k": ""}})),
        "entry-without-key" => (b"\x1a\x03\x12\x01v", json!({"labels": {"": "v"}})),
        "empty-entry" => (b"\x1a\x00", json!({"labels": {"": ""}})),
        "entry-backwards" => (b"\x1a\x06\x12\x01v\x0a\x01k", json!({"labels": {"k": "v"}})),
        "key-twice" => (
            b"\x1a\x06\x0a\x01k\x12\x01v\x1a\x06\x0a\x01k\x12\x01w",
            json!({"labels": {"k": "w"}}),
        ),
        "unpacked" => (b"\x20\x01\x20\x02", json!({"pages": [1, 2]})),
        "mixed" => (
            b"\x20\x01\x22\x02\x02\x03\x20\x04",
            json!({"pages": [1, 2, 3, 4]}),
        ),
        "long-varint" => (b"\x22\x03\x81\x80\x00", json!({"pages": [1]})),
        "unknown-fields" => (
            b"\x98\x06\x07\x0a\x01n\xa2\x06\x02hi\xab\x06\xac\x06",
            json!({"name": "n"}),
        ),
        "other-wire-type" => (b"\x08\x05\x0a\x01n", json!({"name": "n"})),
        "default-written" => (b"\x0a\x00\x12\x01t", json!({"title": "t"})),
        "empty" => (b"", json!({})),
        other => panic!("no form {other}"),
    }
}

const FORMS: [&str; 14] = [
    "twice",
    "backwards",
    "entry-without-value",
    "entry-without-key",
    "empty-entry",
    "entry-backwards",
    "key-twice",
    "unpacked",
    "mixed",
    "long-varint",
    "unknown-fields",
    "other-wire-type",
    "default-written",
    "empty",
];

#[test]
fn corner_case_49_any_legal_encoding_is_transcoded() {
    let (gateway, _folder) = gateway(|name| Answer::message(form(name).0));
    for name in FORMS {
        let answer = http::get(gateway.address(), &format!("/v1/books/{name}"));
        assert_eq!(
            (answer.status, answer.json()),
            (200, form(name).1),
            "{name}"
        );
    }
}

fn fault(name: &str) -> Answer {
    let html = |status| Answer {
        status,
        headers: vec![("content-type", "text/html")],
        data: vec![Bytes::from_static(b"<html>no</html>")],
        end: End::Bare,
    };
    let good = Answer::message(b"\x0a\x01n");
    let with = |data: Vec<Bytes>| Answer {
        data,
        ..good.clone()
    };
    match name {
        "http-502" => html(502),
        "http-401" => html(401),
        "http-404" => html(404),
        "http-200" => html(200),
        "no-status" => Answer {
            end: End::Bare,
            ..good
        },
        "reset" => Answer {
            end: End::Reset,
            ..good
        },
        "flag" => with(vec![frame(7, b"n")]),
        "compressed" => with(vec![frame(1, b"n")]),
        "cut-off" => with(vec![frame(0, b"\x0a\x01n").slice(..6)]),
        "too-long" => with(vec![Bytes::from_static(b"\0\xff\xff\xff\xff")]),
        "malformed" => with(vec![frame(0, b"\x0a\x05n")]),
        "not-utf-8" => with(vec![frame(0, b"\x0a\x01\xff")]),
        "two-messages" => with(vec![frame(0, b""), frame(0, b"")]),
        "no-message" => with(vec![]),
        "status-99" => Answer::trailers(&[("grpc-status", "99")]),
        "status-text" => Answer::trailers(&[("grpc-status", "abc")]),
        "details" => Answer::trailers(&[
            ("grpc-status", "9"),
            ("grpc-message", "na%C3%AFve"),
            ("grpc-status-details-bin", "/////w"),
        ]),
        other => panic!("no fault {other}"),
    }
}

#[test]
fn a_wrong_answer_is_an_error_and_nothing_worse() {
    let (mut gateway, _folder) = gateway(fault);
    for (name, status, code) in [
        ("http-502", 503, "UNAVAILABLE"),
        ("http-401", 401, "UNAUTHENTICATED"),
        ("http-404", 501, "UNIMPLEMENTED"),
        ("http-200", 500, "UNKNOWN"),
        ("no-status", 500, "UNKNOWN"),
        ("reset", 500, "INTERNAL"),
        ("flag", 500, "INTERNAL"),
        ("compressed", 500, "INTERNAL"),
        ("cut-off", 500, "INTERNAL"),
        ("malformed", 500, "INTERNAL"),
        ("not-utf-8", 500, "INTERNAL"),
        ("two-messages", 500, "INTERNAL"),
        ("no-message", 500, "INTERNAL"),
        ("too-long", 429, "RESOURCE_EXHAUSTED"),
        ("status-99", 500, "UNKNOWN"),
        ("status-text", 500, "UNKNOWN"),
    ] {
        let answer = http::get(gateway.address(), &format!("/v1/books/{name}"));
        let found = &answer.json()["error"]["status"];
        assert_eq!(
            (answer.status, found),
            (status, &json!(code)),
            "{name}: {}",
            answer.text()
        );
        assert!(!answer.text().contains("<html>"), "{name}");
    }
    assert!(gateway.is_alive());
}

#[test]
fn corner_case_43_a_status_holds_without_its_details() {
    let (gateway, _folder) = gateway(fault);
    let answer = http::get(gateway.address(), "/v1/books/details");
    let error = &answer.json()["error"];
    assert_eq!(
        (answer.status, &error["status"]),
        (400, &json!("FAILED_PRECONDITION"))
    );
    assert_eq!(error["message"], "naïve");
}
