//! What an observer is told of requests.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use protoloop_core::{
    MethodInfo, TraceContext,
    observe::{
        Datasource, Observer, RequestEnd, RequestEnds, RequestHead, Surface, WatchesCalls,
        WatchesOperations, WatchesRequests,
    },
};
use protoloop_server::ServerConfig;
use tonic::Code;

use crate::{
    client::{Running, builder},
    fixture::text,
};

/// Writes down what it is told.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn first(&self) -> Option<String> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!lines.is_empty()).then(|| lines.remove(0))
    }

    /// The next line, once it is there: an answer may be read before its end is told.
    async fn next(&self) -> String {
        for _ in 0..500 {
            if let Some(line) = self.first() {
                return line;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing was told");
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl Observer for Lines {
    fn surface(&self, surface: &Surface) -> Arc<dyn WatchesRequests> {
        assert_eq!(surface.methods.len(), 8);
        assert!(
            surface
                .services
                .iter()
                .any(|name| name == "grpc.health.v1.Health")
        );
        Arc::new(self.clone())
    }

    fn datasource(&self, _: Datasource) -> Arc<dyn WatchesOperations> {
        unreachable!("a server has none")
    }

    fn upstream(&self, _: &[Arc<MethodInfo>]) -> Arc<dyn WatchesCalls> {
        unreachable!("a server has none")
    }
}

struct Line(Lines, String);

impl WatchesRequests for Lines {
    fn begin(&self, head: &RequestHead<'_>) -> (TraceContext, Box<dyn RequestEnds>) {
        let line = format!("{:?} {} {}", head.protocol, head.method, head.uri.path());
        let place = head.trace.with_recorded(true);
        (place, Box::new(Line(self.clone(), line)))
    }
}

impl RequestEnds for Line {
    fn end(self: Box<Self>, end: &RequestEnd) {
        let status = end.status.map_or(0, |status| status.as_u16());
        let code = end.code.map_or("-", |code| code.name());
        let line = format!("{} {status} {code} {}", self.1, end.response_bytes);
        let mut lines = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

async fn watched() -> (Running, Lines) {
    let lines = Lines::default();
    let config = ServerConfig {
        observer: Some(Arc::new(lines.clone())),
        ..ServerConfig::default()
    };
    (Running::start(builder(config)).await, lines)
}

#[tokio::test]
async fn calls_over_grpc_end_with_their_code() {
    let (server, lines) = watched().await;
    let mut client = server.client().await;
    client.unary("Say", text("hi")).await.expect("an answer");
    assert_eq!(lines.next().await, "Grpc POST /echo.v1.Echo/Say 200 OK 9");
    client.unary("Fail", text("")).await.expect_err("told to");
    assert_eq!(
        lines.next().await,
        "Grpc POST /echo.v1.Echo/Fail 200 NOT_FOUND 0"
    );
    client.unary("Missing", text("")).await.expect_err("nobody");
    assert_eq!(
        lines.next().await,
        "Grpc POST /echo.v1.Echo/Missing 200 UNIMPLEMENTED 0"
    );
    client.unary("Nowhere", text("")).await.expect_err("nobody");
    assert_eq!(
        lines.next().await,
        "Grpc POST /echo.v1.Echo/Nowhere 200 UNIMPLEMENTED 0"
    );
    client.unary("Panic", text("")).await.expect_err("told to");
    assert_eq!(
        lines.next().await,
        "Grpc POST /echo.v1.Echo/Panic 200 INTERNAL 0"
    );
    for (message, code, end) in [
        ("again", Code::Ok, "OK"),
        ("fail", Code::Aborted, "ABORTED"),
    ] {
        let mut answer = client
            .server_streaming("Repeat", text(message))
            .await
            .expect("a stream");
        let ended = loop {
            match answer.message().await {
                Ok(Some(_)) => {}
                Ok(None) => break Code::Ok,
                Err(status) => break status.code(),
            }
        };
        assert_eq!(ended, code);
        let line = lines.next().await;
        assert!(line.contains(&format!(" 200 {end} ")), "{line}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_is_told_once() {
    let (server, lines) = watched().await;
    let mut client = server.client().await;
    let call = client.unary("Sleep", text("60000"));
    tokio::time::timeout(Duration::from_millis(100), call)
        .await
        .expect_err("it sleeps");
    assert_eq!(
        lines.next().await,
        "Grpc POST /echo.v1.Echo/Sleep 0 CANCELLED 0"
    );
    let stream = client.server_streaming("Repeat", text("endless")).await;
    drop(stream.expect("a stream"));
    let line = lines.next().await;
    assert!(
        line.starts_with("Grpc POST /echo.v1.Echo/Repeat 200 CANCELLED "),
        "{line}"
    );
    server.stop().await;
    assert!(lines.0.lock().expect("no panic").is_empty());
}

/// The status of an answer over HTTP/1.1.
async fn post(server: &Running, path: &str, kind: &str, body: Vec<u8>) -> u16 {
    let stream = tokio::net::TcpStream::connect(server.addr).await;
    let stream = TokioIo::new(stream.expect("it listens"));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream)
        .await
        .expect("a connection");
    tokio::spawn(connection);
    let request = http::Request::post(path)
        .header("host", "x")
        .header("content-type", kind)
        .body(Full::<bytes::Bytes>::from(body))
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    answer.into_body().collect().await.expect("to its end");
    status
}

fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("short").to_be_bytes();
    [&[0][..], &length, message].concat()
}

#[tokio::test]
async fn other_protocols_end_with_their_code_too() {
    let (server, lines) = watched().await;
    let web = "application/grpc-web+proto";
    for (method, end) in [
        ("Say", "OK"),
        ("Fail", "NOT_FOUND"),
        ("Nowhere", "UNIMPLEMENTED"),
    ] {
        let path = format!("/echo.v1.Echo/{method}");
        assert_eq!(post(&server, &path, web, framed(&text("hi"))).await, 200);
        let line = lines.next().await;
        let start = format!("GrpcWeb POST {path} 200 {end} ");
        assert!(line.starts_with(&start), "{line}");
    }
    let proto = "application/proto";
    for (method, status, end) in [("Say", 200, "OK"), ("Fail", 404, "NOT_FOUND")] {
        let path = format!("/echo.v1.Echo/{method}");
        assert_eq!(
            post(&server, &path, proto, text("hi").to_vec()).await,
            status
        );
        let line = lines.next().await;
        assert!(
            line.starts_with(&format!("Connect POST {path} {status} {end} ")),
            "{line}"
        );
    }
    assert_eq!(
        post(&server, "/no/where", "application/json", Vec::new()).await,
        404
    );
    let line = lines.next().await;
    assert!(
        line.starts_with("Rest POST /no/where 404 NOT_FOUND "),
        "{line}"
    );
    let bad = framed(b"\xff\xff");
    assert_eq!(post(&server, "/echo.v1.Echo/Say", web, bad).await, 200);
    let line = lines.next().await;
    assert!(
        line.starts_with("GrpcWeb POST /echo.v1.Echo/Say 200 INVALID_ARGUMENT "),
        "{line}"
    );
}
