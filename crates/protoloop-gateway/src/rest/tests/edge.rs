//! The HTTP edge: methods, statuses, headers.

use std::time::Duration;

use http::HeaderValue;
use protoloop_core::{Code, Detail};

use super::*;

#[test]
fn case_18_and_45_methods() {
    check(
        things(),
        &[
            ("GET /nowhere", "404 no method is bound to GET /nowhere"),
            ("GET /q/", "404 no method is bound to GET /q/"),
            (
                "DELETE /q/a",
                "405 DELETE is not bound to /q/a; there are GET, HEAD, OPTIONS",
            ),
        ],
    );
    let answer = send(things(), "PUT /w/a");
    assert_eq!(
        (answer.status, answer.header("allow")),
        (405, "OPTIONS, POST")
    );
    let answer = send(things(), "OPTIONS /q/a");
    assert_eq!(
        (answer.status, answer.header("allow"), &*answer.body),
        (204, "GET, HEAD, OPTIONS", "")
    );
    assert_eq!(answer.header("content-type"), "");
    assert_eq!(send(things(), "OPTIONS /nowhere").status, 404);
}

#[test]
fn case_21_custom_methods() {
    check(
        things(),
        &[
            ("REPORT /kind?text=a", r#"200 {"text":"a"}"#),
            ("BREW /any?text=a", r#"200 {"text":"a"}"#),
        ],
    );
    assert_eq!(
        send(things(), "GET /kind").header("allow"),
        "OPTIONS, REPORT"
    );
}

#[test]
fn case_45_head_is_get_without_its_body() {
    let get = send(things(), "GET /q/abc");
    let head = send(things(), "HEAD /q/abc");
    assert_eq!((head.status, &*head.body), (200, ""));
    assert_eq!(head.header("content-length"), get.body.len().to_string());
    assert_eq!(head.header("content-type"), "application/json");
    let head = send(things(), "HEAD /nowhere");
    assert_eq!((head.status, &*head.body), (404, ""));
}

#[test]
fn case_45_sizes() {
    let options = RestOptions {
        max_body_bytes: 10,
        max_uri_bytes: 100,
        ..RestOptions::default()
    };
    let gateway = gateway_with(include_str!("things.proto"), options);
    let long = format!("GET /q?text={}", "a".repeat(100));
    check(
        &gateway,
        &[
            (
                "POST /w\n\n{\"text\":\"abc\"}",
                "413 the body is larger than 10 bytes",
            ),
            (
                "POST /w\ncontent-length: 11\n\n{}",
                "413 the body is larger than 10 bytes",
            ),
            (&long, "414 path and query are longer than 100 bytes"),
        ],
    );
    let slashes = format!("GET {}", "/a".repeat(200));
    assert_eq!(send(things(), &slashes).status, 414);
}

#[test]
fn case_45_accept_and_encodings() {
    check(
        things(),
        &[
            (
                "GET /q\naccept: text/html",
                "406 answers are application/json, which the Accept header excludes",
            ),
            ("GET /q\naccept: text/html, */*;q=0.1", "200 {}"),
            (
                "POST /w\ncontent-encoding: gzip\n\nxx",
                "415 compressed bodies are not read; send the body without Content-Encoding",
            ),
        ],
    );
}

#[test]
fn streaming_methods_say_so() {
    check(
        things(),
        &[(
            "GET /watch",
            "501 t.v1.Things/Watch streams; call it over gRPC",
        )],
    );
}

fn answer_of(result: Result<Reply>) -> Answer {
    let echo = Echo::default();
    *echo.answer.lock().unwrap() = Some(result);
    send_to(things(), &echo, "GET /q/a")
}

#[test]
fn case_44_codes() {
    for (code, status) in [
        (Code::FailedPrecondition, 400),
        (Code::Aborted, 409),
        (Code::Cancelled, 499),
        (Code::OutOfRange, 400),
        (Code::Unauthenticated, 401),
        (Code::Unknown, 500),
        (Code::NotFound, 404),
        (Code::Unavailable, 503),
    ] {
        let answer = answer_of(Err(Error::new(code, "why")));
        assert_eq!(answer.line(), format!("{status} why"));
        let envelope: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(envelope["error"]["status"], code.name());
        let challenge = if status == 401 { "Bearer" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
    let answer = answer_of(Err(Error::internal_error("password=hunter2")));
    assert_eq!(answer.line(), "500 internal error");
    assert!(!answer.body.contains("hunter2"));
}

#[test]
fn a_retry_delay_becomes_retry_after() {
    let retry_delay = Duration::from_millis(1500);
    let error = Error::unavailable("later").with_detail(Detail::RetryInfo { retry_delay });
    let answer = answer_of(Err(error));
    assert_eq!((answer.status, answer.header("retry-after")), (503, "2"));
}

#[test]
fn case_46_headers_both_ways() {
    let echo = Echo::default();
    let mut reply = Reply::unary(Bytes::new());
    reply
        .metadata
        .insert("x-answer", HeaderValue::from_static("1"));
    reply
        .metadata
        .insert("grpc-status", HeaderValue::from_static("0"));
    reply
        .metadata
        .insert("content-type", HeaderValue::from_static("text/html"));
    reply
        .trailers
        .insert("x-trailer", HeaderValue::from_static("2"));
    *echo.answer.lock().unwrap() = Some(Ok(reply));
    let text = "GET /q/a\nx-request-timeout: 5\nx-custom: 1\ngrpc-foo: 2\nconnection: close";
    let answer = send_to(things(), &echo, text);
    assert_eq!(answer.header("x-answer"), "1");
    assert_eq!(answer.header("x-trailer"), "2");
    assert_eq!(answer.header("grpc-status"), "");
    assert_eq!(answer.header("content-type"), "application/json");
    let (_, context) = echo.last.lock().unwrap().take().unwrap();
    assert_eq!(context.metadata().len(), 1);
    assert_eq!(context.metadata()["x-custom"], "1");
    assert!(context.remaining().unwrap() <= Duration::from_secs(5));
    assert_eq!(context.protocol(), Protocol::Rest);
    check(
        things(),
        &[(
            "GET /q\nx-request-timeout: soon",
            "400 header x-request-timeout: expected seconds, such as 1.5",
        )],
    );
}

#[test]
fn case_20_the_same_route_twice_is_refused_at_the_start() {
    let mut router_schema = include_str!("things.proto").to_owned();
    router_schema = router_schema.replace("get: \"/watch\"", "get: \"/q/{text}\"");
    let text: &'static str = router_schema.leak();
    let mut resolver = ChainFileResolver::new();
    resolver.add(Text(text));
    resolver.add(IncludeFileResolver::new("../../proto".into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file("test.proto").unwrap();
    let problems = match Schema::from_descriptor_set(&compiler.encode_file_descriptor_set()) {
        Ok(schema) => Router::new(&schema).err().unwrap(),
        Err(problems) => problems,
    };
    let text = problems.to_string();
    assert!(
        text.contains("t.v1.Things/Watch") || text.contains("t.v1.Things.Watch"),
        "{text}"
    );
    assert!(text.contains("Query"), "{text}");
}
