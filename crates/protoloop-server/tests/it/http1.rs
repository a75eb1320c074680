//! HTTP/1.1 on the same port: gRPC-Web, and the administrative pages.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{client::start, fixture::text};

/// Sends one request on a connection of its own.
pub(crate) async fn send(addr: SocketAddr, request: Request<Full<Bytes>>) -> Response<Bytes> {
    let stream = TcpStream::connect(addr).await.expect("a connection");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .expect("HTTP/1.1");
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await.expect("a response");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    driver.abort();
    Response::from_parts(parts, body)
}

pub(crate) fn get(path: &str) -> Request<Full<Bytes>> {
    let request = Request::get(path).header("host", "localhost");
    request.body(Full::default()).expect("a good request")
}

#[tokio::test]
async fn grpc_web_is_answered() {
    let server = start().await;
    let message = text("hi");
    let body = [&[0, 0, 0, 0, 4][..], &message].concat();
    let request = Request::post("/echo.v1.Echo/Say")
        .header("host", "localhost")
        .header("content-type", "application/grpc-web+proto")
        .header("x-grpc-web", "1")
        .body(Full::from(body))
        .expect("a good request");
    let response = send(server.addr, request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.headers()["content-type"],
        "application/grpc-web+proto"
    );
    let body = response.body();
    assert_eq!(&body[..9], [&[0, 0, 0, 0, 4][..], &message].concat());
    assert_eq!(body[9], 0x80, "a frame of trailers");
    let trailers = String::from_utf8_lossy(&body[14..]);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
}

#[tokio::test]
async fn the_admin_pages_are_there() {
    let server = start().await;
    let live = send(server.addr, get("/livez")).await;
    assert_eq!(
        (live.status().as_u16(), &live.body()[..]),
        (200, &br#"{"status":"ok"}"#[..])
    );
    let ready = send(server.addr, get("/readyz")).await;
    assert_eq!(ready.status(), 200);
}

#[tokio::test]
async fn grpc_over_http1_is_told_to_come_by_http2() {
    let server = start().await;
    let request = Request::post("/echo.v1.Echo/Say")
        .header("host", "localhost")
        .header("content-type", "application/grpc")
        .body(Full::default())
        .expect("a good request");
    assert_eq!(send(server.addr, request).await.status(), 505);
}
