//! An orderly end.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use protoloop_server::ServerConfig;
use tokio::net::TcpStream;
use tonic::Code;

use crate::{
    client::{Running, builder, start},
    fixture::{read, text},
    http1,
};

#[tokio::test]
async fn calls_in_flight_finish() {
    let server = start().await;
    let addr = server.addr;
    let mut client = server.client().await;
    let call = tokio::spawn(async move { client.unary("Sleep", text("400")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stopped = server.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    TcpStream::connect(addr)
        .await
        .expect_err("no further connection");
    let answer = call.await.expect("no panic").expect("an answer");
    assert_eq!(read(answer.get_ref()), "400");
    stopped.await;
}

#[tokio::test]
async fn the_grace_period_ends_what_does_not() {
    let config = ServerConfig {
        grace_period: Duration::from_millis(100),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let mut client = server.client().await;
    let call = tokio::spawn(async move { client.unary("Sleep", text("20000")).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let start = Instant::now();
    server.stop().await;
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    let status = call.await.expect("no panic").expect_err("cut off");
    assert_ne!(status.code(), Code::Ok);
}

#[tokio::test]
async fn a_draining_server_still_answers_but_is_not_ready() {
    let config = ServerConfig {
        drain_delay: Duration::from_millis(400),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let addr = server.addr;
    let mut client = server.client().await;
    let stopped = server.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let ready = http1::send(addr, http1::get("/readyz")).await;
    assert_eq!(ready.status(), 503);
    let body = String::from_utf8_lossy(ready.body());
    assert!(body.contains("draining"), "{body}");
    assert_eq!(
        ready.headers()["connection"],
        "close",
        "the next one elsewhere"
    );
    client.unary("Say", text("hi")).await.expect("an answer");
    stopped.await;
}

#[tokio::test]
async fn streams_are_ended_with_a_status() {
    let config = ServerConfig {
        grace_period: Duration::from_millis(700),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let mut client = server.client().await;
    let stream = client.server_streaming("Repeat", text("endless")).await;
    let mut stream = stream.expect("a stream");
    for _ in 0..2 {
        stream.message().await.expect("no error").expect("one");
    }
    let stopped = server.stop();
    let status = stream.message().await.expect_err("ended");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "the server is shutting down; call again");
    stopped.await;
}

#[tokio::test]
async fn who_connected_in_the_last_moment_is_answered() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let server = start().await;
    let mut late = TcpStream::connect(server.addr).await.expect("a connection");
    let stopped = server.stop();
    tokio::time::sleep(Duration::from_millis(100)).await;
    late.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .expect("open");
    let mut answer = String::new();
    late.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    stopped.await;
}

fn aging(age: u64, grace: Option<u64>) -> ServerConfig {
    ServerConfig {
        max_connection_age: Some(Duration::from_millis(age)),
        max_connection_age_grace: grace.map(Duration::from_millis),
        ..ServerConfig::default()
    }
}

/// Connections of HTTP/2 that a peer has made, each with its end.
async fn ends_within(addr: SocketAddr, limit: Duration) -> bool {
    let stream = TcpStream::connect(addr).await.expect("a connection");
    let executor = TokioExecutor::new();
    let (sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Full<Bytes>>(executor, TokioIo::new(stream))
            .await
            .expect("HTTP/2");
    let ended = tokio::time::timeout(limit, connection).await;
    drop(sender);
    ended.is_ok()
}

#[tokio::test]
async fn an_old_connection_is_told_to_leave_and_its_calls_finish() {
    let server = Running::start(builder(aging(200, None))).await;
    let early = Duration::from_millis(150);
    assert!(!ends_within(server.addr, early).await, "too early");
    assert!(ends_within(server.addr, Duration::from_secs(5)).await);
    let mut client = server.client().await;
    let answer = client.unary("Sleep", text("600")).await.expect("finished");
    assert_eq!(read(answer.get_ref()), "600");
    server.stop().await;
}

#[tokio::test]
async fn calls_on_an_old_connection_are_cut_off_when_told_so() {
    let server = Running::start(builder(aging(100, Some(200)))).await;
    let mut client = server.client().await;
    let begin = Instant::now();
    client
        .unary("Sleep", text("20000"))
        .await
        .expect_err("cut off");
    assert!(begin.elapsed() < Duration::from_secs(5));
    server.stop().await;
}

#[tokio::test]
async fn streams_on_an_old_connection_are_ended_with_a_status() {
    let server = Running::start(builder(aging(200, Some(600)))).await;
    let mut client = server.client().await;
    let stream = client.server_streaming("Repeat", text("endless")).await;
    let mut stream = stream.expect("a stream");
    for _ in 0..2 {
        stream.message().await.expect("no error").expect("one");
    }
    let status = stream.message().await.expect_err("ended");
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.message(), "the connection is old; call again");
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    use tokio::io::AsyncReadExt as _;

    let config = ServerConfig {
        idle_timeout: Duration::from_millis(100),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let mut silent = TcpStream::connect(server.addr).await.expect("a connection");
    let closed = tokio::time::timeout(Duration::from_secs(5), silent.read_u8()).await;
    closed.expect("closed in time").expect_err("the end");
}
