//! What a client can get wrong. Every row is 4xx and names the field; nothing panics.

use proptest::prelude::*;

use super::*;

#[test]
fn bad_bodies_name_the_field() {
    for (body, part) in [
        (r#"{"i32":"x"}"#, "i32"),
        (r#"{"i32":2147483648}"#, "i32"),
        (r#"{"i32":1.5}"#, "i32"),
        (r#"{"u32":-1}"#, "u32"),
        (r#"{"i64":"9223372036854775808"}"#, "i64"),
        (r#"{"f32":1e39}"#, "f32"),
        (r#"{"flag":"true"}"#, "flag"),
        (r#"{"text":1}"#, "text"),
        (r#"{"text":"\ud800"}"#, ""),
        (r#"{"data":"*"}"#, "data"),
        (r#"{"color":"BLUE"}"#, "color"),
        (r#"{"inner":[]}"#, "inner"),
        (r#"{"inner":{"number":"x"}}"#, "inner.number"),
        (r#"{"inners":[{},{"number":"x"}]}"#, "inners[1].number"),
        (r#"{"tags":"a"}"#, "tags"),
        (r#"{"tags":[null]}"#, "tags[0]"),
        (r#"{"labels":{"a":1}}"#, "labels"),
        (r#"{"innerMap":{"x":{}}}"#, "inner_map"),
        (r#"{"left":"a","right":1}"#, "right"),
        (r#"{"at":"2026-13-01T00:00:00Z"}"#, "at"),
        (r#"{"took":"1"}"#, "took"),
        (r#"{"nope":1}"#, "nope"),
        (r#"{"text":"a","text":"b"}"#, "text"),
        (
            r#"{"snakeCaseName":"a","snake_case_name":"b"}"#,
            "snake_case_name",
        ),
        (r#"{"text":"a""#, ""),
        (r#"{"text":}"#, ""),
        (r#"{text:"a"}"#, ""),
        ("{\"text\":\"a\nb\"}", ""),
    ] {
        let answer = send(things(), &format!("POST /w\n\n{body}"));
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(answer.line().contains(part), "{body}: {}", answer.line());
    }
    let deep = format!(
        "POST /w\n\n{}{}",
        "{\"inner\":".repeat(5_000),
        "}".repeat(5_000)
    );
    assert_eq!(send(things(), &deep).status, 400);
    let deep = format!("POST /w\n\n{{\"value\":{}", "[".repeat(100_000));
    assert_eq!(send(things(), &deep).status, 400);
}

#[test]
fn a_body_field_error_names_the_field_of_the_request() {
    let line = send(things(), "POST /p\n\n{\"number\":\"x\"}").line();
    assert!(line.starts_with("400 inner.number: "), "{line}");
    let line = send(things(), "POST /tags\n\n[1]").line();
    assert!(line.starts_with("400 tags[0]: "), "{line}");
}

#[test]
fn a_body_that_is_not_utf8_is_400() {
    let request = Request::post("/w")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from_static(b"{\"text\":\"\xff\"}")))
        .unwrap();
    let echo = Echo::default();
    let answer = Answer::of(things().serve(request, None, &echo).now_or_never().unwrap());
    assert_eq!(answer.status, 400);
}

#[test]
fn a_malformed_reply_is_500() {
    let echo = Echo::default();
    *echo.answer.lock().unwrap() = Some(Ok(Reply::unary(Bytes::from_static(b"\x0a\xff"))));
    let answer = send_to(things(), &echo, "GET /q/a");
    assert_eq!(answer.line(), "500 internal error");
}

/// The status, after a look at what reached the handler: well-formed bytes.
fn status(text: &str) -> u16 {
    #[derive(Clone)]
    struct Checked;
    impl Handler for Checked {
        fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
            let (_, message) = call.into_one().unwrap();
            let tables = &things().tables;
            let id = tables.by_name("t.v1.Thing").unwrap();
            protoloop_wire::check(tables, id, &message, &protoloop_wire::Limits::default())
                .unwrap();
            Box::pin(async { Ok(Reply::unary(Bytes::new())) })
        }
    }
    let serving = things().serve(request(text), None, &Checked);
    serving.now_or_never().unwrap().status().as_u16()
}

fn any_key() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "(id|i32|u64|flag|f64|text|data|color|inner|tags|inners|labels|innerMap|left|right|middle|at|took|mask|struct|value|wrapped|nothing)",
        "[a-z$.\\[\\]=%+]{0,6}",
    ];
    proptest::collection::vec(name, 1..4).prop_map(|names| names.join("."))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_query_panics_or_is_a_server_error(
        pairs in proptest::collection::vec((any_key(), "[ -~]{0,12}", "(\\[[a-z0-9]{0,3}\\])?"), 0..6),
    ) {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value, index)| format!("{key}{index}={value}").replace([' ', '"', '#', '<', '>', '`', '{', '}', '\\', '^', '|'], "%22"))
            .collect();
        let text = format!("GET /q/a?{}", pairs.join("&"));
        let status = status(&text);
        prop_assert!(status < 500, "{} {}", status, text);
    }

    #[test]
    fn no_body_panics_or_is_a_server_error(body in "[\\[\\]{}:,\"a-z0-9\\\\. ]{0,60}") {
        for path in ["/w/a", "/wn/a", "/p/a", "/tags", "/middle"] {
            let status = status(&format!("POST {path}\n\n{body}"));
            prop_assert!(status < 500, "{} {} {}", status, path, body);
        }
    }
}
