//! `alt` and field masks: in which form, and how much of, a message goes out.

use super::*;

const BODY: &str = r#"{"id":"a","flag":true,"inner":{"name":"n","number":1},"inners":[{"name":"x","number":2},{"number":3}],"labels":{"k":"v"}}"#;

#[test]
fn a_mask_picks_fields_of_the_answer() {
    let post = |query: &str| format!("POST /w?{query}\n\n{BODY}");
    for (paths, expected) in [
        ("id", r#"{"id":"a"}"#),
        ("id,inner.name", r#"{"id":"a","inner":{"name":"n"}}"#),
        (
            "inners.number,flag",
            r#"{"flag":true,"inners":[{"number":2},{"number":3}]}"#,
        ),
        ("inner", r#"{"inner":{"name":"n","number":1}}"#),
        (
            "snakeCaseName,snake_case_name,labels",
            r#"{"labels":{"k":"v"}}"#,
        ),
        ("labels.k", r#"{"labels":{"k":"v"}}"#),
        ("id,labels.`a.b`", r#"{"id":"a"}"#),
        ("*", BODY),
        ("", BODY),
    ] {
        let expected = format!("200 {expected}");
        assert_eq!(
            send(things(), &post(&format!("$fields={paths}"))).line(),
            expected
        );
        let text = format!("POST /w\nx-goog-fieldmask: {paths}\n\n{BODY}");
        let answer = send(things(), &text);
        assert_eq!(answer.line(), expected);
        assert_eq!(answer.header("vary"), "x-goog-fieldmask");
    }
}

#[test]
fn a_mask_is_relative_to_what_the_answer_shows() {
    let echo = |text: &str| {
        let echo = Echo::default();
        let tables = &things().tables;
        let id = tables.by_name("t.v1.Thing").unwrap();
        let options = protoloop_wire::json::DecodeOptions::default();
        let bytes = protoloop_wire::json::decode(tables, id, BODY.as_bytes(), &options).unwrap();
        *echo.answer.lock().unwrap() = Some(Ok(Reply::unary(bytes.into())));
        send_to(things(), &echo, text).line()
    };
    assert_eq!(echo("GET /a/inner?$fields=name"), r#"200 {"name":"n"}"#);
    assert_eq!(
        echo("GET /a/tags?$fields=name"),
        "400 $fields: the answer has no fields to choose from"
    );
    assert_eq!(
        echo("GET /a/inner?$fields=inner.nope"),
        "400 $fields: path `inner.nope`: t.v1.Inner has no field `nope`"
    );
}

#[test]
fn a_mask_that_names_nothing_stops_the_call() {
    let echo = Echo::default();
    for (text, line) in [
        (
            "GET /q?$fields=nope",
            "400 $fields: path `nope`: t.v1.Thing has no field `nope`",
        ),
        (
            "GET /q\nx-goog-fieldmask: labels.k.x",
            "400 x-goog-fieldmask: path `labels.k.x`: `k` has no fields that a mask could name",
        ),
        (
            "GET /q?$fields=id,",
            "400 $fields: has an empty path at character 4",
        ),
        (
            "GET /q\nx-goog-fieldmask: *,id",
            "400 x-goog-fieldmask: has `*`, which is all fields, beside other paths at character 1",
        ),
        (
            "GET /q?$fields=id\nx-goog-fieldmask: id",
            "400 $fields: excludes the header x-goog-fieldmask",
        ),
        (
            "GET /q?$fields=id&$fields=flag",
            "400 query parameter $fields: is given more than once",
        ),
        (
            "POST /raw?fields=data\n\nx",
            "400 $fields: the answer has no fields to choose from",
        ),
    ] {
        assert_eq!(send_to(things(), &echo, text).line(), line);
        assert!(
            echo.last.lock().unwrap().is_none(),
            "{text} reached the handler"
        );
    }
    // A field of that name is a field.
    assert_eq!(
        send(things(), "GET /q?fields=id").line(),
        r#"200 {"fields":"id"}"#
    );
}

#[test]
fn what_a_mask_leaves_out_is_no_default() {
    let gateway = things_with(|options| options.encode.emit_defaults = true);
    let text = "GET /q/a?$fields=id,flag";
    assert_eq!(send(&gateway, text).line(), r#"200 {"id":"a"}"#);
}

#[test]
fn alt_chooses_the_form() {
    let proto = send(
        things(),
        "GET /q/a?alt=proto\naccept: application/x-protobuf",
    );
    assert_eq!((proto.status, &*proto.body), (200, "\n\u{1}a"));
    assert_eq!(proto.header("content-type"), "application/x-protobuf");
    let masked = send(things(), "GET /q/a?flag=true&$alt=proto&$fields=flag");
    assert_eq!(masked.body, "@\u{1}");
    let upload = "PUT /download/x?alt=json\ncontent-type: text/plain\n\nhi";
    assert_eq!(
        send(things(), upload).line(),
        r#"200 {"contentType":"text/plain","data":"aGk="}"#
    );
    let media = send(things(), &upload.replace("json", "media"));
    assert_eq!(
        (media.header("content-type"), &*media.body),
        ("text/plain", "hi")
    );
    check(
        things(),
        &[
            ("GET /q/a?alt=json", r#"200 {"id":"a"}"#),
            (
                "GET /q/a?alt=media",
                "400 query parameter alt: the answer has no media; leave it out",
            ),
            (
                "GET /a/tags?alt=proto",
                "400 query parameter alt: the answer is no message; leave it out",
            ),
            (
                "GET /q/a?alt=xml",
                "400 query parameter alt: expected json, proto or media",
            ),
        ],
    );
}
