//! Rows 43 to 46 and 50: errors, the HTTP edge and headers.

use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use protoloop_core::{Code, Detail, Error, Reply};

use crate::support::*;

#[test]
fn case_43_unknown_details_hide_nothing() {
    let error = Error::failed_precondition("naïve 100%").with_detail(Detail::Other {
        type_url: "type.googleapis.com/acme.v1.Secret".to_owned(),
        value: Bytes::from_static(b"\x08\x01"),
    });
    let answer = send_to(things(), &Echo::telling(Err(error)), "GET /q");
    assert_eq!(answer.line(), "400 naïve 100%");
    assert!(
        answer
            .body
            .contains(r#"{"@type":"type.googleapis.com/acme.v1.Secret","value":"CAE="}"#),
        "{}",
        answer.body
    );
}

#[test]
fn case_44_codes_and_statuses() {
    for (code, status) in [
        (Code::Cancelled, 499),
        (Code::Unknown, 500),
        (Code::InvalidArgument, 400),
        (Code::DeadlineExceeded, 504),
        (Code::NotFound, 404),
        (Code::AlreadyExists, 409),
        (Code::PermissionDenied, 403),
        (Code::ResourceExhausted, 429),
        (Code::FailedPrecondition, 400),
        (Code::Aborted, 409),
        (Code::OutOfRange, 400),
        (Code::Unimplemented, 501),
        (Code::Internal, 500),
        (Code::Unavailable, 503),
        (Code::DataLoss, 500),
        (Code::Unauthenticated, 401),
    ] {
        let echo = Echo::telling(Err(Error::new(code, "why")));
        let answer = send_to(things(), &echo, "GET /q");
        assert_eq!(answer.line(), format!("{status} why"));
        let challenge = if status == 401 { "Bearer" } else { "" };
        assert_eq!(answer.header("www-authenticate"), challenge);
    }
}

#[test]
fn case_45_the_http_edge() {
    let gateway = things_with(|options| options.max_body_bytes = 20);
    check(
        &gateway,
        &[
            (
                "PUT /q/a",
                "405 PUT is not bound to /q/a; there are GET, HEAD, OPTIONS",
            ),
            ("OPTIONS /q/a", "204 "),
            ("HEAD /q/a", "200 "),
            ("HEAD /nowhere", "404 "),
            ("GET /q\naccept: text/html", "406 …"),
            (
                "POST /w\n\n{\"text\":\"more than twenty\"}",
                "413 the body is larger than 20 bytes",
            ),
            ("POST /w\ncontent-length: 21\n\n{}", "413 …"),
            (
                "POST /w\ncontent-encoding: compress\n\n{}",
                "415 Content-Encoding…",
            ),
            ("POST /w\ncontent-type: text/xml\n\n<a/>", "415 …"),
        ],
    );
    assert_eq!(
        send(&gateway, "PUT /q/a").header("allow"),
        "GET, HEAD, OPTIONS"
    );
    assert_eq!(send(&gateway, "HEAD /q/a").header("content-length"), "10");
    let long = format!("GET /q?text={}", "a".repeat(17 << 10));
    assert_eq!(send(&gateway, &long).status, 414);
    let none = Reply::unary(Bytes::new());
    let echo = Echo::telling(Ok(with(none, &[("x-http-code", "204")])));
    let answer = send_to(&gateway, &echo, "GET /q");
    assert_eq!(
        (answer.line().as_str(), answer.header("content-type")),
        ("204 ", "")
    );
}

fn with(mut reply: Reply, metadata: &[(&'static str, &'static str)]) -> Reply {
    for (name, value) in metadata {
        let name = HeaderName::from_static(name);
        reply.metadata.append(name, HeaderValue::from_static(value));
    }
    reply
}

#[test]
fn case_46_headers_and_metadata() {
    let metadata = [
        ("x-a", "1"),
        ("x-a", "2"),
        ("grpc-status", "7"),
        ("connection", "close"),
        ("content-length", "1"),
    ];
    let echo = Echo::telling(Ok(with(Reply::unary(Bytes::new()), &metadata)));
    let text = "GET /q\nauthorization: Bearer t\ncookie: a=b\nx-b: 1\nx-b: 2\ngrpc-encoding: x\nte: trailers\nconnection: x-c\nx-c: 3\nk-bin: AAE\ntraceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = send_to(things(), &echo, text);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-a"), "1");
    assert_eq!(answer.header("grpc-status"), "");
    assert_eq!(answer.header("content-length"), "");
    let (_, context) = echo.last.lock().unwrap().take().unwrap();
    let metadata = context.metadata();
    let mut names: Vec<&str> = metadata.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["authorization", "cookie", "k-bin", "traceparent", "x-b"]
    );
    assert_eq!(metadata.get_all("x-b").iter().count(), 2);
    check(
        things(),
        &[(
            "GET /q\nk-bin: *",
            "400 header k-bin: the value of a -bin header is base64",
        )],
    );
}

#[test]
fn case_50_what_the_client_got_wrong_is_4xx() {
    let bodies = [
        "{",
        "[",
        "nul",
        "\"",
        "{\"i32\":\"x\"}",
        "{\"inner\":{\"inner\":1}}",
        "{\"labels\":{\"a\":{}}}",
        "{\"at\":\"x\"}",
        "{\"data\":\"*\"}",
        "{\"value\":}",
        "{\"mask\":\"a b\"}",
        "{\"f32\":1e400}",
        "{\"choice\":1}",
        "\u{0}",
    ];
    for body in bodies {
        for path in ["/w", "/w/a", "/p", "/tags", "/text"] {
            let answer = send(things(), &format!("POST {path}\n\n{body}"));
            let known = (400..500).contains(&answer.status) || answer.status == 200;
            assert!(known, "{path} {body}: {}", answer.line());
        }
    }
    for target in [
        "/q?",
        "/q?&&&",
        "/q?=",
        "/q?=a",
        "/q?[",
        "/q?a[",
        "/q?labels[=a",
        "/q?labels[]=a",
        "/q?.=a",
        "/q?inner.=a",
        "/q?%00=a",
        "/int/",
        "/int/%20",
        "/at/never",
        "/q?mask=a%20b",
        "/q?struct=[]",
        "/q?times=x",
    ] {
        let answer = send(things(), &format!("GET {target}"));
        let known = (400..500).contains(&answer.status) || answer.status == 200;
        assert!(known, "{target}: {}", answer.line());
    }
    for header in [
        "x-request-timeout: soon",
        "grpc-timeout: x",
        "if-match: x",
        "if-none-match: ,",
        "x-goog-fieldmask: nope",
        "accept: ,;",
        "content-encoding: x",
        "k-bin: *",
    ] {
        let answer = send(things(), &format!("GET /q\n{header}"));
        let known = (400..500).contains(&answer.status) || answer.status == 200;
        assert!(known, "{header}: {}", answer.line());
    }
}
