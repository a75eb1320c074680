//! Request and response bodies.

use super::*;

#[test]
fn case_24_bodies_of_every_kind_of_field() {
    check(
        things(),
        &[
            ("POST /tags\n\n[\"a\",\"b\"]", r#"200 {"tags":["a","b"]}"#),
            (
                "POST /inners\n\n[{\"name\":\"a\"},{}]",
                r#"200 {"inners":[{"name":"a"},{}]}"#,
            ),
            (
                "POST /labels\n\n{\"a\":\"b\"}",
                r#"200 {"labels":{"a":"b"}}"#,
            ),
            ("POST /text\n\n\"a\"", r#"200 {"text":"a"}"#),
            (
                "POST /p\n\n{\"name\":\"a\"}",
                r#"200 {"inner":{"name":"a"}}"#,
            ),
            ("POST /p\n\n{}", r#"200 {"inner":{}}"#),
            ("POST /p\n\nnull", "200 {}"),
            ("POST /p", "200 {}"),
        ],
    );
}

#[test]
fn case_24_response_bodies_of_every_kind_of_field() {
    check(
        things(),
        &[
            ("GET /a/tags?tags=a&text=b", r#"200 ["a"]"#),
            ("GET /a/inner?inner.name=a", r#"200 {"name":"a"}"#),
            ("GET /a/text?text=a", r#"200 "a""#),
            ("GET /a/tags", "200 []"),
        ],
    );
}

#[test]
fn case_27_the_path_wins_over_the_body() {
    check(
        things(),
        &[
            (
                "POST /w/a\n\n{\"text\":\"b\"}",
                r#"200 {"id":"a","text":"b"}"#,
            ),
            ("POST /w/a\n\n{\"id\":\"a\"}", r#"200 {"id":"a"}"#),
            (
                "POST /w/a\n\n{\"id\":\"b\"}",
                "400 id: the body gives another value than the path",
            ),
            ("POST /w/a\n\n{\"id\":\"\"}", r#"200 {"id":"a"}"#),
            (
                "POST /wn/a\n\n{\"inner\":{\"number\":1},\"text\":\"b\"}",
                r#"200 {"text":"b","inner":{"name":"a","number":1}}"#,
            ),
            (
                "POST /wn/a\n\n{\"inner\":{\"name\":\"a\"}}",
                r#"200 {"inner":{"name":"a"}}"#,
            ),
            (
                "POST /wn/a\n\n{\"inner\":{\"name\":\"b\"}}",
                "400 inner.name: the body gives another value than the path",
            ),
            (
                "POST /p/a\n\n{\"number\":1}",
                r#"200 {"inner":{"name":"a","number":1}}"#,
            ),
            (
                "POST /p/a\n\n{\"name\":\"a\"}",
                r#"200 {"inner":{"name":"a"}}"#,
            ),
            (
                "POST /p/a\n\n{\"name\":\"b\"}",
                "400 inner.name: the body gives another value than the path",
            ),
            ("POST /p/a", r#"200 {"inner":{"name":"a"}}"#),
        ],
    );
}

#[test]
fn what_reaches_the_handler_is_in_canonical_order() {
    #[derive(Clone)]
    struct Order;
    impl Handler for Order {
        fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
            let (_, message) = call.into_one().unwrap();
            let tables = &things().tables;
            let id = tables.by_name("t.v1.Thing").unwrap();
            let canonical = protoloop_wire::canonicalize(tables, id, &message).unwrap();
            assert_eq!(*canonical, *message);
            Box::pin(async { Ok(Reply::unary(message)) })
        }
    }
    for text in [
        "GET /q/a?text=b&i32=1&inner.number=3&inner.name=4",
        "GET /q/a?colors=RED&colors=RED&numbers=1&numbers=2&counts[b]=1&counts[a]=2",
        "POST /p/a?id=b&text=c\n\n{\"number\":1}",
        "POST /wn/a\n\n{\"inner\":{\"number\":1},\"text\":\"b\"}",
        "POST /w/a\n\n{\"text\":\"b\"}",
        "POST /tags?text=a&colors=RED\n\n[\"a\"]",
    ] {
        let serving = things().serve(request(text), None, &Order);
        assert_eq!(serving.now_or_never().unwrap().status(), 200, "{text}");
    }
}

#[test]
fn case_39_content_types() {
    let other = "POST /w\ncontent-type: application/xml\n\n<a/>";
    check(
        things(),
        &[
            (
                "POST /w\ncontent-type: application/json; charset=utf-8\n\n{}",
                "200 {}",
            ),
            (
                "POST /w\ncontent-type: application/vnd.x+json\n\n{}",
                "200 {}",
            ),
            (
                other,
                "415 Content-Type must be application/json; it is \"application/xml\"",
            ),
            ("POST /w\ncontent-type: text/plain", "200 {}"),
            ("POST /raw\ncontent-type: text/plain\n\nabc", "200 abc"),
        ],
    );
    let mut bare = request("POST /w\n\n{}");
    bare.headers_mut().remove("content-type");
    let echo = Echo::default();
    let answer = Answer::of(things().serve(bare, None, &echo).now_or_never().unwrap());
    assert_eq!(
        answer.line(),
        "415 Content-Type must be application/json; there is none"
    );
}

#[test]
fn case_40_empty_bodies_and_garbage() {
    check(
        things(),
        &[
            ("POST /w", "200 {}"),
            ("POST /w/a\n\n  \n", r#"200 {"id":"a"}"#),
        ],
    );
    for bad in ["{} x", "{}{}", "\u{feff}{}", "[]", "1", "{", "nul"] {
        assert_eq!(
            send(things(), &format!("POST /w\n\n{bad}")).status,
            400,
            "{bad}"
        );
    }
}

#[test]
fn http_bodies_pass_as_they_are() {
    let answer = send(
        things(),
        "POST /raw\ncontent-type: image/png\naccept: image/*\n\n\u{1}\u{2}",
    );
    assert_eq!(answer.line(), "200 \u{1}\u{2}");
    assert_eq!(answer.header("content-type"), "image/png");
    let put = "PUT /upload/a\ncontent-type: text/csv\n\n1,2";
    check(
        things(),
        &[(
            put,
            r#"200 {"name":"a","file":{"contentType":"text/csv","data":"MSwy"}}"#,
        )],
    );
    let answer = send(things(), "PUT /download/a\ncontent-type: text/csv\n\n1,2");
    assert_eq!(
        (answer.header("content-type"), &*answer.body),
        ("text/csv", "1,2")
    );
    check(
        things(),
        &[(
            "PUT /upload/a?file.data=x",
            "400 file.data: the body carries file; put the field there",
        )],
    );
}
