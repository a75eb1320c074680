//! An orderly end.

use std::time::{Duration, Instant};

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
    client.unary("Say", text("hi")).await.expect("an answer");
    stopped.await;
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
