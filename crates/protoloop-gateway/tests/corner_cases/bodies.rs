//! Rows 38 to 40 and 49: what bodies and answers may look like.

use bytes::Bytes;
use protoloop_core::Reply;

use crate::support::*;

#[test]
fn case_38_json_by_the_letter() {
    let post = |body: &str| format!("POST /w\n\n{body}");
    for (body, line) in [
        (r#"{"text":null,"inner":null,"tags":null}"#, "200 {}"),
        (r#"{"value":null}"#, r#"200 {"value":null}"#),
        (r#"{"text":"a","text":"b"}"#, "400 text: …"),
        (r#"{"nope":1}"#, "400 …"),
        (r#"{"i32":1.0,"i64":1e2}"#, r#"200 {"i32":1,"i64":"100"}"#),
        (r#"{"i32":1.5}"#, "400 i32: …"),
        (r#"{"text":"\ud800"}"#, "400 …"),
        (r#"{"text":"\ud83d\ude00"}"#, r#"200 {"text":"😀"}"#),
        (r#"{"tags":[null]}"#, "400 tags[0]: …"),
        (r#"{"labels":{"a":null}}"#, "400 labels…"),
    ] {
        check(things(), &[(&post(body), line)]);
    }
    let lenient = things_with(|options| options.decode.ignore_unknown = true);
    check(
        &lenient,
        &[(&post(r#"{"nope":1,"text":"a"}"#), r#"200 {"text":"a"}"#)],
    );
}

#[test]
fn case_39_content_types() {
    let json = "415 Content-Type must be application/json; it is ";
    for (kind, line) in [
        ("application/json; charset=utf-8", "200 {}".to_owned()),
        ("application/merge-patch+json", "200 {}".to_owned()),
        ("text/plain", format!("{json}\"text/plain\"")),
        ("application/json; charset=latin1", format!("{json}…")),
        ("", format!("{json}\"\"")),
    ] {
        check(
            things(),
            &[(&format!("POST /w\ncontent-type: {kind}\n\n{{}}"), &line)],
        );
    }
    check(
        things(),
        &[
            ("POST /w\ncontent-type: text/plain", "200 {}"),
            ("POST /raw\ncontent-type: image/png\n\nxyz", "200 xyz"),
        ],
    );
}

#[test]
fn case_40_empty_bodies_and_garbage() {
    check(
        things(),
        &[
            ("POST /w", "200 {}"),
            ("POST /w\n\n \t", "200 {}"),
            ("POST /w\n\n{} {}", "400 …"),
            ("POST /w\n\n{}x", "400 …"),
            ("POST /w\n\n\u{feff}{}", "400 …"),
            ("POST /w\n\n[]", "400 …"),
        ],
    );
}

/// `t.v1.Thing` by field numbers: `id` 1, `inner` 14 with `name` 1 and `number` 2, `numbers` 16, `labels` 18.
#[test]
fn case_49_an_upstream_may_write_any_legal_wire_form() {
    let table: &[(&[u8], &str)] = &[
        // A singular field twice: the last one.
        (b"\x0a\x01a\x0a\x01b", r#"{"id":"b"}"#),
        // A message in two parts is one.
        (
            b"\x72\x03\x0a\x01n\x72\x02\x10\x05",
            r#"{"inner":{"name":"n","number":5}}"#,
        ),
        // Map entries without a key, without a value, and one key twice.
        (b"\x92\x01\x03\x12\x01v", r#"{"labels":{"":"v"}}"#),
        (b"\x92\x01\x03\x0a\x01k", r#"{"labels":{"k":""}}"#),
        (
            b"\x92\x01\x06\x0a\x01k\x12\x01v\x92\x01\x06\x0a\x01k\x12\x01w",
            r#"{"labels":{"k":"w"}}"#,
        ),
        // Packed and unpacked, mixed.
        (
            b"\x80\x01\x01\x82\x01\x02\x02\x03\x80\x01\x04",
            r#"{"numbers":[1,2,3,4]}"#,
        ),
        // Fields out of order, and unknown ones.
        (
            b"\x72\x03\x0a\x01n\x0a\x01a",
            r#"{"id":"a","inner":{"name":"n"}}"#,
        ),
        (b"\xf8\x3f\x01\x0a\x01a\xfa\x3f\x01x", r#"{"id":"a"}"#),
        // Two members of a oneof: the last one.
        (b"\xa2\x01\x01l\xa8\x01\x05", r#"{"right":5}"#),
    ];
    for (wire, json) in table {
        let echo = Echo::telling(Ok(Reply::unary(Bytes::from_static(wire))));
        let line = send_to(things(), &echo, "GET /q").line();
        assert_eq!(line, format!("200 {json}"), "{wire:?}");
    }
    let echo = Echo::telling(Ok(Reply::unary(Bytes::from_static(b"\x0a\x05a"))));
    assert_eq!(
        send_to(things(), &echo, "GET /q").line(),
        "500 internal error"
    );
}
