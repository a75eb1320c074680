//! The HTTP edge: methods, statuses, headers.

use std::time::Duration;

use http::HeaderValue;
use protoloop_core::{Code, Detail, Protocol};

use super::*;
use crate::{ErrorFormat, HeaderRule, PathProfile};

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
                "400 the body is not in the coding that Content-Encoding names",
            ),
        ],
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
    let set = compile(&[("test.proto", &router_schema)]);
    let problems = match Schema::from_descriptor_set(&set) {
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

#[test]
fn case_12_the_profiles_of_escapes() {
    let google = things_with(|_| {});
    let envoy = things_with(|options| options.path = PathProfile::Envoy);
    let grpc_gateway = things_with(|options| options.path = PathProfile::GrpcGateway);
    for gateway in [&google, &envoy] {
        check(
            gateway,
            &[
                ("GET /q/a%2fb%3Ac+%2525", r#"200 {"id":"a/b:c+%25"}"#),
                ("GET /%71/a", r#"200 {"id":"a"}"#),
            ],
        );
    }
    check(
        &google,
        &[(
            "GET /shelf/shelves/a%2Fb%40c",
            r#"200 {"text":"shelves/a%2Fb@c"}"#,
        )],
    );
    check(
        &envoy,
        &[(
            "GET /shelf/shelves/a%2Fb%40c",
            r#"200 {"text":"shelves/a%2Fb%40c"}"#,
        )],
    );
    check(
        &grpc_gateway,
        &[
            (
                "GET /shelf/shelves/b%40c%2525",
                r#"200 {"text":"shelves/b@c%25"}"#,
            ),
            ("GET /shelf%2Fshelves/b", r#"200 {"text":"shelves/b"}"#),
            ("GET /q/a%2Fb", "404 no method is bound to GET /q/a/b"),
            (
                "GET /q/%zz",
                "400 path: malformed percent-escape at byte 3; write % as %25",
            ),
        ],
    );
}

#[test]
fn a_trailing_slash_by_option() {
    let gateway = things_with(|options| options.trailing_slash = TrailingSlash::Ignore);
    check(
        &gateway,
        &[
            ("GET /q/a/", r#"200 {"id":"a"}"#),
            ("GET /q/", "200 {}"),
            ("GET /q/a//", "404 no method is bound to GET /q/a//"),
            ("GET /many/a/", r#"200 {"text":"a/"}"#),
            (
                "PUT /q/a/",
                "405 PUT is not bound to /q/a/; there are GET, HEAD, OPTIONS",
            ),
            ("GET /", "404 no method is bound to GET /"),
        ],
    );
}

#[test]
fn a_post_may_stand_for_another_method_by_option() {
    let gateway = things_with(|options| options.method_override = true);
    check(
        &gateway,
        &[
            (
                "POST /q/a\nx-http-method-override: get",
                r#"200 {"id":"a"}"#,
            ),
            ("POST /q/a?$httpMethod=GET", r#"200 {"id":"a"}"#),
            ("POST /q/a?%24httpMethod=GET", r#"200 {"id":"a"}"#),
            (
                "POST /q/a?$httpMethod=GET\nx-http-method-override: PUT",
                "400 $httpMethod: GET, but the request names PUT as well",
            ),
            (
                "POST /q/a\nx-http-method-override: a b",
                "400 x-http-method-override: expected an HTTP method",
            ),
            (
                "GET /q/a\nx-http-method-override: POST",
                r#"200 {"id":"a"}"#,
            ),
        ],
    );
    check(
        things(),
        &[
            (
                "POST /q/a\nx-http-method-override: GET",
                "405 POST is not bound to /q/a; there are GET, HEAD, OPTIONS",
            ),
            (
                "GET /q/a?$httpMethod=GET",
                "400 query parameter $httpMethod: send the request with that method instead",
            ),
        ],
    );
}

#[test]
fn errors_in_the_callers_format() {
    let problem = send(things(), "GET /nowhere\naccept: application/problem+json");
    assert_eq!(problem.header("content-type"), "application/problem+json");
    assert_eq!(
        problem.body,
        r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no method is bound to GET /nowhere","code":"NOT_FOUND"}"#
    );
    let flat = things_with(|options| options.error_format = ErrorFormat::Status);
    let answer = send(&flat, "GET /nowhere");
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.body,
        r#"{"code":5,"message":"no method is bound to GET /nowhere"}"#
    );
    let fine = send(things(), "GET /q/a\naccept: application/problem+json, */*");
    assert_eq!(fine.header("content-type"), "application/json");
}

fn answer_to(
    gateway: &RestGateway,
    text: &str,
    metadata: &[(&'static str, &'static str)],
) -> Answer {
    let echo = Echo::default();
    let mut reply = Reply::unary(Bytes::new());
    for (name, value) in metadata {
        let value = HeaderValue::from_static(value);
        reply.metadata.append(*name, value);
    }
    *echo.answer.lock().unwrap() = Some(Ok(reply));
    send_to(gateway, &echo, text)
}

#[test]
fn a_reply_may_choose_the_status_of_a_success() {
    let created = [("x-http-code", "201"), ("location", "/q/a")];
    let answer = answer_to(things(), "GET /q/a", &created);
    assert_eq!(answer.line(), "201 {}");
    assert_eq!(answer.header("location"), "/q/a");
    assert_eq!(answer.header("x-http-code"), "");
    let answer = answer_to(things(), "GET /q/a", &[("x-http-code", "204")]);
    assert_eq!(
        (answer.line().as_str(), answer.header("content-type")),
        ("204 ", "")
    );
    for bad in ["404", "100", "x", ""] {
        let answer = answer_to(
            things(),
            "GET /q/a",
            &[("x-http-code", bad.to_owned().leak())],
        );
        assert_eq!(answer.line(), "500 internal error", "{bad}");
    }
    let off = things_with(|options| options.reply_status = false);
    let answer = answer_to(&off, "GET /q/a", &[("x-http-code", "201")]);
    assert_eq!((answer.status, answer.header("x-http-code")), (200, "201"));
}

#[test]
fn case_46_rules_for_headers_by_option() {
    let gateway = things_with(|options| {
        options.headers.request = HeaderRule::except(["cookie"]);
        options.headers.reply = HeaderRule::only(["x-a*", "x-http-code"]);
    });
    let echo = Echo::default();
    let answer = send_to(&gateway, &echo, "GET /q\ncookie: a\nx-b: 1");
    assert_eq!(answer.status, 200);
    let (_, context) = echo.last.lock().unwrap().take().unwrap();
    assert_eq!(context.metadata().keys().collect::<Vec<_>>(), ["x-b"]);
    let answer = answer_to(&gateway, "GET /q", &[("x-ab", "1"), ("x-b", "2")]);
    assert_eq!((answer.header("x-ab"), answer.header("x-b")), ("1", ""));
}

#[test]
fn case_46_metadata_of_errors_is_sent_too() {
    let failing = |error: Error, metadata: &[(&'static str, &'static str)]| {
        let echo = Echo::default();
        let metadata = metadata.iter().map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let error = error.with_metadata(metadata.collect());
        *echo.answer.lock().unwrap() = Some(Err(error));
        let gateway = things_with(|options| {
            options.headers.reply = HeaderRule::except(["x-secret"]);
        });
        send_to(&gateway, &echo, "GET /q")
    };
    let answer = failing(
        Error::not_found("none"),
        &[
            ("x-tail", "shelf 7"),
            ("x-secret", "1"),
            ("x-http-code", "201"),
            ("content-type", "text/html"),
            ("content-length", "1"),
            ("grpc-message", "none"),
        ],
    );
    assert_eq!(answer.line(), "404 none");
    assert_eq!(answer.header("x-tail"), "shelf 7");
    assert_eq!(answer.header("content-type"), "application/json");
    let kept_back = ["x-secret", "x-http-code", "content-length", "grpc-message"];
    assert_eq!(kept_back.map(|name| answer.header(name)), [""; 4]);
    let challenge = [("www-authenticate", "DPoP")];
    let answer = failing(Error::new(Code::Unauthenticated, "who?"), &challenge);
    assert_eq!(answer.header("www-authenticate"), "DPoP");
}

#[test]
fn etags_of_content_by_option() {
    let gateway = things_with(|options| options.content_etags = true);
    let first = send(&gateway, "GET /q/a");
    let etag = first.header("etag").to_owned();
    assert_eq!(etag.len(), 34);
    assert_ne!(send(&gateway, "GET /q/b").header("etag"), etag);
    let again = send(&gateway, &format!("GET /q/a\nif-none-match: {etag}"));
    assert_eq!(
        (again.line().as_str(), again.header("etag")),
        ("304 ", &*etag)
    );
    let other = send(&gateway, "GET /q/a\nif-match: \"x\"");
    assert_eq!(other.status, 412);
    assert_eq!(send(&gateway, "POST /w\n\n{}").header("etag"), "");
    assert_eq!(send(things(), "GET /q/a").header("etag"), "");
}
