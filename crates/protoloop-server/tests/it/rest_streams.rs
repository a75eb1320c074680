//! Streams in HTTP bodies, and the time they may take.

use std::time::{Duration, Instant};

use protoloop_server::ServerConfig;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::socket::{Seen, Talking, start, start_with};

async fn send(talking: &Talking, head: &str) -> TcpStream {
    let stream = TcpStream::connect(talking.server.addr).await;
    let mut stream = stream.expect("a connection");
    let head = format!("{}\r\nhost: localhost\r\n\r\n", head.replace('\n', "\r\n"));
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream
}

/// Reads until a text is there.
async fn until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut found = String::new();
    let read = async {
        while !found.contains(wanted) {
            let mut piece = [0; 1000];
            let size = stream.read(&mut piece).await.expect("open");
            assert_ne!(size, 0, "the end, behind {found}");
            found += &String::from_utf8_lossy(&piece[..size]);
        }
    };
    timeout(Duration::from_secs(10), read)
        .await
        .expect("in time");
    found
}

async fn chunk(stream: &mut TcpStream, text: &str) {
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    stream.write_all(chunk.as_bytes()).await.expect("sent");
}

#[tokio::test]
async fn events_that_do_not_come_have_a_head_all_the_same() {
    let talking = start().await;
    let begin = Instant::now();
    let get = "GET /v1/repeat/silent HTTP/1.1\naccept: text/event-stream";
    let mut stream = send(&talking, get).await;
    let head = until(&mut stream, "\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("content-type: text/event-stream"), "{head}");
    assert!(begin.elapsed() >= Duration::from_millis(900), "not at once");
}

#[tokio::test]
async fn a_stream_may_take_long_and_not_be_silent_for_long() {
    let talking = start_with(ServerConfig {
        read_timeout: Duration::from_millis(300),
        idle_timeout: Duration::from_millis(1500),
        ..ServerConfig::default()
    })
    .await;
    let post =
        "POST /v1/collect HTTP/1.1\ncontent-type: application/x-ndjson\ntransfer-encoding: chunked";
    let mut stream = send(&talking, post).await;
    for number in 0..8 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        chunk(&mut stream, &format!("{{\"text\":\"{number}\"}}\n")).await;
    }
    chunk(&mut stream, "").await;
    let answer = until(&mut stream, "}").await;
    assert!(
        answer.ends_with(r#"{"text":"0+1+2+3+4+5+6+7"}"#),
        "{answer}"
    );

    let mut stream = send(&talking, post).await;
    chunk(&mut stream, "{\"text\":\"a\"}\n").await;
    let answer = until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("the body broke off"), "{answer}");
    // A body that is one message is held to the read timeout as a whole.
    let post = "POST /v1/repeat HTTP/1.1\ncontent-type: application/json\ncontent-length: 10";
    let mut stream = send(&talking, post).await;
    let begin = Instant::now();
    let answer = until(&mut stream, "}").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(begin.elapsed() < Duration::from_millis(1400));
}

#[tokio::test]
async fn a_caller_that_goes_cancels_a_silent_stream() {
    let talking = start().await;
    for accept in ["text/event-stream", "application/x-ndjson"] {
        let before = talking.seen.over.load(std::sync::atomic::Ordering::SeqCst);
        let get = format!("GET /v1/repeat/flood HTTP/1.1\naccept: {accept}");
        let mut stream = send(&talking, &get).await;
        until(&mut stream, "xxx").await;
        drop(stream);
        Seen::until(&talking.seen.over, before + 1).await;
    }
}
