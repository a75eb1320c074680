use http::{HeaderMap, Method};
use http_body_util::{BodyExt as _, Full};

mod cors;

use super::*;
use crate::{
    Check, Server, ServerConfig,
    fixture::{dispatcher, read, tables, text},
};

fn server(config: ServerConfig, checks: Vec<Check>) -> Server {
    let tables = tables();
    let builder = Server::builder(Arc::clone(&tables), dispatcher(&tables)).config(config);
    let builder = checks
        .into_iter()
        .fold(builder, crate::ServerBuilder::check);
    builder.build().expect("a good configuration")
}

fn frame(message: &[u8]) -> Bytes {
    let len = u32::try_from(message.len()).expect("a short message");
    [&[0][..], &len.to_be_bytes(), message].concat().into()
}

fn grpc(method: &str, body: Bytes) -> Request<Full<Bytes>> {
    Request::post(format!("/echo.v1.Echo/{method}"))
        .version(Version::HTTP_2)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(body))
        .expect("a good request")
}

fn get(path: &str) -> Request<Full<Bytes>> {
    Request::get(path)
        .body(Full::default())
        .expect("a good request")
}

/// Status, headers, body and trailers.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
    trailers: HeaderMap,
}

impl Answer {
    /// The gRPC status, wherever it stands.
    fn code(&self) -> &str {
        let code = self
            .trailers
            .get("grpc-status")
            .or(self.headers.get("grpc-status"));
        code.and_then(|code| code.to_str().ok()).unwrap_or("none")
    }

    fn message(&self) -> &str {
        self.headers
            .get("grpc-message")
            .map_or("", |m| m.to_str().expect("ASCII"))
    }
}

async fn ask_with(config: ServerConfig, request: Request<Full<Bytes>>) -> Answer {
    let server = server(config, Vec::new());
    read_all(
        Arc::clone(server.port())
            .answer(request, Origin::default())
            .await,
    )
    .await
}

async fn ask(request: Request<Full<Bytes>>) -> Answer {
    ask_with(ServerConfig::default(), request).await
}

async fn read_all(response: Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.expect("a whole body");
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        trailers: collected.trailers().cloned().unwrap_or_default(),
        body: collected.to_bytes(),
    }
}

#[tokio::test]
async fn a_unary_call_comes_back_with_head_message_and_tail() {
    let answer = ask(grpc("Say", frame(&text("hi")))).await;
    assert_eq!((answer.status, answer.code()), (200, "0"));
    assert_eq!(answer.headers["content-type"], "application/grpc");
    assert_eq!(answer.headers["x-head"], "from the handler");
    assert_eq!(answer.trailers["x-tail"], "after the message");
    assert_eq!(read(&answer.body[5..]), "hi");
}

#[tokio::test]
async fn the_callers_trace_goes_on() {
    let mut request = grpc("Say", frame(&text("hi")));
    let parent =
        HeaderValue::from_static("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    request.headers_mut().insert("traceparent", parent);
    let answer = ask(request).await;
    let trace = answer.headers["traceparent"].to_str().expect("ASCII");
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{trace}"
    );
}

#[tokio::test]
async fn an_error_shows_its_public_side_only() {
    let answer = ask(grpc("Fail", frame(&text("hi")))).await;
    assert_eq!(answer.code(), "5");
    assert_eq!(answer.message(), "there is no such thing");
    assert!(
        answer.headers.contains_key("traceparent"),
        "to be found in the log"
    );
    let all = format!("{:?}{:?}", answer.headers, answer.body);
    assert!(!all.contains("secrets"), "{all}");
}

#[tokio::test]
async fn an_error_carries_its_details() {
    let answer = ask(grpc("Fail", frame(&text("hi")))).await;
    let status = tonic::Status::from_header_map(&answer.headers).expect("a status");
    let error = protoloop_wire::status::decode(status.details()).expect("a google.rpc.Status");
    assert_eq!(error.message(), "there is no such thing");
    let [protoloop_core::Detail::ErrorInfo { reason, .. }] = error.details() else {
        panic!("one ErrorInfo: {:?}", error.details())
    };
    assert_eq!(reason, "NO_SUCH_THING");
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_not_found() {
    let answer = ask(get("/v1/nothing")).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert!(answer.headers.contains_key("traceparent"));
    let body = String::from_utf8_lossy(&answer.body);
    assert!(body.contains("NOT_FOUND"), "{body}");
}

#[tokio::test]
async fn bad_requests_get_the_code_that_fits() {
    let mut late = grpc("Say", frame(&text("hi")));
    late.headers_mut()
        .insert("grpc-timeout", HeaderValue::from_static("soon"));
    let mut short = grpc("Sleep", frame(&text("60000")));
    short
        .headers_mut()
        .insert("grpc-timeout", HeaderValue::from_static("5m"));
    let mut packed = grpc("Say", frame(&text("hi")));
    packed
        .headers_mut()
        .insert("grpc-encoding", HeaderValue::from_static("snappy"));
    let cases = [
        ("no such method", grpc("Nothing", frame(&[])), "12"),
        ("no handler", grpc("Missing", frame(&[])), "12"),
        (
            "truncated protobuf",
            grpc("Say", frame(&[10, 9, b'x'])),
            "3",
        ),
        ("bad UTF-8", grpc("Say", frame(&[10, 1, 0xff])), "3"),
        ("no message", grpc("Say", Bytes::new()), "12"),
        (
            "half a frame",
            grpc("Say", Bytes::from_static(&[0, 0, 0, 0, 9, 1])),
            "3",
        ),
        (
            "above the size limit",
            grpc("Say", frame(&vec![0; 5 << 20])),
            "8",
        ),
        ("malformed timeout", late, "3"),
        ("client deadline", short, "4"),
        ("unknown compression", packed, "12"),
        ("panic", grpc("Panic", frame(&[])), "13"),
    ];
    for (what, request, code) in cases {
        let answer = ask(request).await;
        assert_eq!(
            (answer.status, answer.code()),
            (200, code),
            "{what}: {}",
            answer.message()
        );
    }
}

#[tokio::test]
async fn malformed_protobuf_names_the_field() {
    let answer = ask(grpc("Say", frame(&[10, 1, 0xff]))).await;
    insta::assert_snapshot!(answer.message(), @"text: a string is not valid UTF-8 (byte 2)");
}

#[tokio::test]
async fn a_malformed_message_in_a_stream_reaches_the_handler_as_an_error() {
    let body = [frame(&text("one")), frame(&[10, 9, b'x'])].concat();
    let answer = ask(grpc("Collect", body.into())).await;
    assert_eq!(answer.code(), "3");
}

#[tokio::test]
async fn a_stream_above_the_size_limit_is_resource_exhausted() {
    let config = ServerConfig {
        max_request_bytes: 16,
        ..ServerConfig::default()
    };
    let answer = ask_with(config, grpc("Collect", frame(&[0; 17]))).await;
    assert_eq!(answer.code(), "8");
}

#[tokio::test]
async fn grpc_needs_http2_post_and_a_known_codec() {
    let mut old = grpc("Say", Bytes::new());
    *old.version_mut() = Version::HTTP_11;
    assert_eq!(ask(old).await.status, 505);
    let mut get = grpc("Say", Bytes::new());
    *get.method_mut() = Method::GET;
    let answer = ask(get).await;
    assert_eq!(
        (answer.status, &answer.headers["allow"]),
        (405, &HeaderValue::from_static("POST"))
    );
    for kind in [
        "application/grpc+xml",
        "application/grpcx",
        "application/grpc-web+",
    ] {
        let mut other = grpc("Say", Bytes::new());
        other
            .headers_mut()
            .insert("content-type", kind.parse().expect("a header value"));
        assert_eq!(ask(other).await.status, 415, "{kind}");
    }
}

#[tokio::test]
async fn grpc_web_answers_over_http1() {
    let mut request = grpc("Say", frame(&text("hi")));
    *request.version_mut() = Version::HTTP_11;
    let kind = HeaderValue::from_static("application/grpc-web+proto");
    request.headers_mut().insert("content-type", kind);
    let answer = ask(request).await;
    assert_eq!(answer.status, 200);
    let body = String::from_utf8_lossy(&answer.body);
    assert!(
        body.contains("hi") && body.contains("grpc-status:0"),
        "{body:?}"
    );
}

#[tokio::test]
async fn the_admin_pages_tell_life_and_readiness() {
    let check = Check::new("database", async || {
        Err(protoloop_core::Error::unavailable("no answer").with_internal("10.0.0.7"))
    });
    let server = server(
        ServerConfig::default(),
        vec![check, Check::new("cache", async || Ok(()))],
    );
    let live = read_all(
        server
            .port()
            .clone()
            .answer(get("/livez"), Origin::default())
            .await,
    )
    .await;
    assert_eq!(live.status, 200);
    insta::assert_snapshot!(String::from_utf8_lossy(&live.body), @r#"
        {"status":"ok"}
    "#);
    let ready = read_all(
        server
            .port()
            .clone()
            .answer(get("/readyz"), Origin::default())
            .await,
    )
    .await;
    assert_eq!(
        (ready.status, &ready.headers["content-type"]),
        (503, &"application/json".parse().expect("ok"))
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&ready.body), @r#"
        {"checks":{"cache":{"status":"ok"},"database":{"message":"no answer","status":"failed"}},"status":"unavailable"}
    "#);
}

#[tokio::test]
async fn every_problem_of_the_start_is_told_at_once() {
    let tables = tables();
    let config = ServerConfig {
        max_concurrent_calls: 0,
        tls: Some(crate::TlsFiles {
            certificate: "no/such.pem".into(),
            private_key: "no/such.key".into(),
            client_ca: None,
        }),
        ..ServerConfig::default()
    };
    let builder = Server::builder(Arc::clone(&tables), dispatcher(&tables)).config(config);
    let error = builder.build().expect_err("two problems");
    insta::assert_snapshot!(error.problems().join("\n"), @r#"
        max_concurrent_calls: must be at least 1
        cannot read certificates from the PEM file no/such.pem: I/O error: No such file or directory (os error 2)
    "#);
}

fn connect(method: &str, kind: &'static str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(format!("/echo.v1.Echo/{method}"))
        .header("content-type", kind)
        .header("connect-protocol-version", "1")
        .body(Full::new(body.into()))
        .expect("a good request")
}

#[tokio::test]
async fn connect_is_answered_in_both_forms() {
    let answer = ask(connect("Say", "application/json", r#"{"text":"hi"}"#)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["x-head"], "from the handler");
    assert_eq!(answer.headers["trailer-x-tail"], "after the message");
    assert_eq!(answer.body, r#"{"text":"hi"}"#);
    let answer = ask(connect("Say", "application/proto", text("hi"))).await;
    assert_eq!(answer.headers["content-type"], "application/proto");
    assert_eq!(read(&answer.body), "hi");
}

#[tokio::test]
async fn connect_says_what_failed() {
    let answer = ask(connect("Fail", "application/proto", text("hi"))).await;
    assert_eq!(answer.status, 404);
    let body = String::from_utf8_lossy(&answer.body);
    assert!(
        body.starts_with(r#"{"code":"not_found","message":"there is no such thing""#),
        "{body}"
    );
    assert!(!body.contains("secrets"), "{body}");
    let answer = ask(connect("Say", "application/json", r#"{"text":1}"#)).await;
    let body = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 400);
    assert!(
        body.starts_with(r#"{"code":"invalid_argument","message":"text: "#),
        "{body}"
    );
}

#[tokio::test]
async fn connect_refuses_what_it_cannot_read_by_http_status() {
    let cases = [
        ("another codec", connect("Say", "application/xml", ""), 415),
        (
            "a stream's type",
            connect("Say", "application/connect+json", ""),
            415,
        ),
        (
            "no such method",
            connect("Nothing", "application/json", "{}"),
            404,
        ),
    ];
    for (what, request, status) in cases {
        assert_eq!(ask(request).await.status, status, "{what}");
    }
    let mut get = connect("Say", "application/json", "");
    *get.method_mut() = Method::GET;
    let answer = ask(get).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers["allow"], "POST");
}

#[tokio::test]
async fn a_connect_stream_ends_with_its_outcome() {
    let body = [frame(br#"{"text":"a"}"#), frame(br#"{"text":"b"}"#)].concat();
    let answer = ask(connect("Collect", "application/connect+json", body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/connect+json");
    let body = String::from_utf8_lossy(&answer.body);
    assert!(body.ends_with('}'), "{body}");
    let broken = connect(
        "Collect",
        "application/connect+json",
        &b"\x00\x00\x00\x00\x09{}"[..],
    );
    let body = ask(broken).await.body;
    let body = String::from_utf8_lossy(&body);
    assert!(
        body.contains(r#"{"error":{"code":"invalid_argument""#),
        "{body}"
    );
}

#[tokio::test]
async fn case_47_one_port_tells_the_protocols_apart_by_what_a_request_says() {
    // The path is the same for all; it would be a legal one of REST as well.
    let of = |kind: &'static str, body: Bytes| {
        let mut request = grpc("Say", body);
        *request.version_mut() = Version::HTTP_11;
        let headers = request.headers_mut();
        headers.insert("content-type", HeaderValue::from_static(kind));
        request
    };
    let framed = || frame(&text("hi"));
    let json = || Bytes::from_static(br#"{"text":"hi"}"#);
    for kind in [
        "application/grpc",
        "application/grpc+proto",
        "application/grpc+json",
    ] {
        let mut request = of(
            kind,
            if kind.ends_with("json") {
                frame(&json())
            } else {
                framed()
            },
        );
        *request.version_mut() = Version::HTTP_2;
        let answer = ask(request).await;
        assert_eq!(
            (&answer.headers["content-type"], answer.code()),
            (&HeaderValue::from_static(kind), "0")
        );
    }
    for kind in ["application/grpc-web", "application/grpc-web+proto"] {
        let answer = ask(of(kind, framed())).await;
        assert_eq!(answer.headers["content-type"], kind);
        assert!(
            String::from_utf8_lossy(&answer.body).contains("grpc-status:0"),
            "{kind}"
        );
    }
    // Connect: by its own types, by its header, and by the parameters of a GET.
    let stream = ask(of("application/connect+json", frame(&json()))).await;
    assert_eq!(stream.status, 415, "a unary method has no streams");
    let unary = ask(connect("Say", "application/json", json())).await;
    assert_eq!((unary.status, &*unary.body), (200, &*json()));
    let by_query = ask(get(
        "/echo.v1.Echo/Say?connect=v1&encoding=json&message=%7B%7D",
    ))
    .await;
    assert_eq!(
        (by_query.status, &by_query.headers["allow"]),
        (405, &HeaderValue::from_static("POST"))
    );
    // None of them: REST, which has no such path.
    let rest = ask(get("/echo.v1.Echo/Say")).await;
    assert_eq!(rest.status, 404);
    assert!(rest.body.starts_with(br#"{"error":{"code":404,"#));
}

#[test]
fn a_form_of_a_page_that_may_call_comes_without_credentials() {
    let config = ServerConfig {
        cors: Cors::Origins(vec!["https://shop.example".to_owned()]),
        ..ServerConfig::default()
    };
    let server = server(config, Vec::new());
    let port = server.port();
    let sent = |origin: &'static str, kind: &'static str| {
        let mut request = Request::post("/v1/x")
            .header("host", "own.example")
            .header("origin", origin)
            .header("content-type", kind)
            .header("cookie", "session=1")
            .body(())
            .expect("a good request");
        let page = port.page_of_form(&mut request);
        (page.is_some(), request.headers().contains_key("cookie"))
    };
    let form = "application/x-www-form-urlencoded";
    assert_eq!(sent("https://shop.example", form), (true, false));
    assert_eq!(sent("https://own.example", form), (false, true));
    assert_eq!(sent("https://evil.example", form), (false, true));
    assert_eq!(sent("https://shop.example", "text/plain"), (true, false));
    let json = "application/json";
    assert_eq!(sent("https://shop.example", json), (false, true));
}
