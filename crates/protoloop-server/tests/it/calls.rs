//! gRPC over h2c.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::HeaderValue;
use protoloop_server::ServerConfig;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, Streaming, codec::CompressionEncoding};

use crate::{
    client::{RawCodec, Running, builder, start},
    fixture::{read, text},
};

async fn texts(messages: Streaming<Bytes>) -> Result<Vec<String>, Status> {
    let items: Vec<_> = messages.collect().await;
    let texts = items.into_iter().map(|item| Ok(read(&item?).to_owned()));
    texts.collect()
}

#[tokio::test]
async fn a_unary_call_is_answered() {
    let server = start().await;
    let answer = server.client().await.unary("Say", text("hi")).await;
    let answer = answer.expect("an answer");
    assert_eq!(read(answer.get_ref()), "hi");
    let metadata = answer.metadata();
    let value = |name: &str| metadata.get(name).and_then(|v| v.to_str().ok());
    assert_eq!(value("x-head"), Some("from the handler"));
    assert_eq!(value("x-tail"), Some("after the message"));
}

#[tokio::test]
async fn streams_run_both_ways() {
    let server = start().await;
    let mut client = server.client().await;
    let answer = client.server_streaming("Repeat", text("again")).await;
    let answer = texts(answer.expect("a stream")).await.expect("no error");
    assert_eq!(answer, ["again", "again"]);

    let messages = stream::iter(["a", "b", "c"].map(text));
    let answer = client.streaming("Collect", messages).await;
    let answer = texts(answer.expect("a stream")).await.expect("no error");
    assert_eq!(answer, ["a+b+c"]);

    let (send, receive) = tokio::sync::mpsc::channel(1);
    let mut answer = client
        .streaming("Chat", ReceiverStream::new(receive))
        .await
        .expect("a stream");
    for word in ["ping", "pong"] {
        send.send(text(word)).await.expect("an open stream");
        let echo = answer.message().await.expect("no error").expect("an echo");
        assert_eq!(read(&echo), word, "answered before the next is sent");
    }
    drop(send);
    assert!(answer.message().await.expect("no error").is_none());
}

#[tokio::test]
async fn an_error_in_a_stream_is_its_status() {
    let server = start().await;
    let mut client = server.client().await;
    for (message, code) in [("fail", Code::Aborted), ("panic", Code::Internal)] {
        let mut answer = client
            .server_streaming("Repeat", text(message))
            .await
            .expect("a stream");
        for _ in 0..2 {
            assert!(answer.message().await.expect("no error yet").is_some());
        }
        let status = answer.message().await.expect_err("the end");
        assert_eq!(status.code(), code);
    }
}

#[tokio::test]
async fn deadlines_of_both_sides_hold() {
    let config = ServerConfig {
        default_timeout: Some(Duration::from_millis(150)),
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let mut client = server.client().await;
    let status = client
        .unary("Sleep", text("60000"))
        .await
        .expect_err("late");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    let mut request = Request::new(text("60000"));
    request.set_timeout(Duration::from_millis(5));
    let status = client.unary("Sleep", request).await.expect_err("late");
    assert!(
        matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
        "{status}"
    );
}

#[tokio::test]
async fn a_panic_costs_one_call() {
    let server = start().await;
    let mut client = server.client().await;
    let status = client.unary("Panic", text("")).await.expect_err("a panic");
    assert_eq!(
        (status.code(), status.message()),
        (Code::Internal, "internal error")
    );
    client
        .unary("Say", text("still there"))
        .await
        .expect("an answer");
}

#[tokio::test]
async fn a_message_above_the_limit_is_refused() {
    let config = ServerConfig {
        max_request_bytes: 64,
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let mut client = server.client().await;
    client
        .unary("Say", text(&"x".repeat(62)))
        .await
        .expect("64 bytes");
    let long = text(&"x".repeat(63));
    let status = client
        .unary("Say", long.clone())
        .await
        .expect_err("65 bytes");
    assert_eq!(status.code(), Code::ResourceExhausted);
    // A small frame may hold a large message.
    let mut grpc = client.channel().send_compressed(CompressionEncoding::Gzip);
    grpc.ready().await.expect("a ready channel");
    let path = http::uri::PathAndQuery::from_static("/echo.v1.Echo/Say");
    let bomb = Request::new(text(&"x".repeat(10_000)));
    let status = grpc.unary(bomb, path, RawCodec).await.expect_err("10 kB");
    assert_eq!(status.code(), Code::ResourceExhausted);
}

#[tokio::test]
async fn compression_works_both_ways() {
    let config = ServerConfig {
        compress_responses: true,
        ..ServerConfig::default()
    };
    let server = Running::start(builder(config)).await;
    let client = server.client().await;
    for encoding in [CompressionEncoding::Gzip, CompressionEncoding::Zstd] {
        let mut grpc = client
            .channel()
            .send_compressed(encoding)
            .accept_compressed(encoding);
        grpc.ready().await.expect("a ready channel");
        let path = http::uri::PathAndQuery::from_static("/echo.v1.Echo/Say");
        let answer = grpc
            .unary(Request::new(text("packed")), path, RawCodec)
            .await;
        let answer = answer.expect("an answer");
        assert_eq!(read(answer.get_ref()), "packed");
        assert!(
            answer.metadata().contains_key("grpc-encoding"),
            "{encoding:?}"
        );
    }
}

#[tokio::test]
async fn the_callers_trace_comes_back() {
    let server = start().await;
    let mut request = Request::new(text(""));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    request
        .metadata_mut()
        .insert("traceparent", parent.parse().expect("ASCII"));
    let status = server
        .client()
        .await
        .unary("Fail", request)
        .await
        .expect_err("an error");
    let headers = status.metadata().clone().into_headers();
    let trace = headers.get("traceparent").map(HeaderValue::as_bytes);
    let trace = String::from_utf8_lossy(trace.expect("a trace"));
    assert!(trace.starts_with(&parent[..36]), "{trace}");
}
