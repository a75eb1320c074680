//! Streams in HTTP bodies, and the time they may take.

use std::{
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

use protoloop_server::ServerConfig;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    time::timeout,
};

use crate::socket::{Seen, Talking, start, start_on, start_with};

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
        let before = talking.seen.over.load(SeqCst);
        let get = format!("GET /v1/repeat/flood HTTP/1.1\naccept: {accept}");
        let mut stream = send(&talking, &get).await;
        until(&mut stream, "xxx").await;
        drop(stream);
        Seen::until(&talking.seen.over, before + 1).await;
    }
}

/// Room for a few KiB on either side of a connection: the server has to hold what the reader does not take.
const ROOM: u32 = 4096;

fn narrow() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_send_buffer_size(ROOM).expect("a small buffer");
    socket.set_recv_buffer_size(ROOM).expect("a small buffer");
    socket
}

/// A listener whose connections are narrow.
fn narrow_listener() -> TcpListener {
    let socket = narrow();
    let any = "127.0.0.1:0".parse().expect("an address");
    socket.bind(any).expect("a free port");
    socket.listen(16).expect("it listens")
}

/// How long readers let the server wait in these tests.
const LAZY: Duration = Duration::from_millis(700);

/// A stream that has failed, and of which the server still holds a part: what was read of it so far.
async fn failed_unread(talking: &Talking, accept: &str) -> (TcpStream, Vec<u8>) {
    let calls = talking.seen.over.load(SeqCst);
    let stream = narrow().connect(talking.server.addr).await;
    let mut stream = stream.expect("a connection");
    let head =
        format!("GET /v1/repeat/late HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut all = Vec::new();
    while talking.seen.over.load(SeqCst) == calls {
        let mut piece = [0; 1024];
        let size = stream.read(&mut piece).await.expect("open");
        all.extend_from_slice(&piece[..size]);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (stream, all)
}

#[tokio::test]
async fn a_slow_reader_hears_why_a_stream_broke_off() {
    let talking = start_on(ServerConfig::default(), narrow_listener());
    for (accept, end) in [("application/json", "}}"), ("application/x-ndjson", "}}\n")] {
        let (mut stream, mut all) = failed_unread(&talking, accept).await;
        tokio::time::sleep(LAZY).await;
        let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await;
        read.expect("in time").expect("closed in order");
        let all = String::from_utf8_lossy(&all);
        assert!(all.contains("NO_SUCH_THING"), "{accept}: it was told");
        let told = all.trim_end_matches("\r\n");
        assert!(told.ends_with(end), "{accept}: nothing behind the error");
    }
}

#[tokio::test]
async fn a_slow_reader_of_http2_hears_it_as_well() {
    let talking = start_on(ServerConfig::default(), narrow_listener());
    let stream = narrow().connect(talking.server.addr).await;
    let (mut calls, connection) = h2::client::Builder::new()
        .initial_window_size(1 << 20)
        .initial_connection_window_size(1 << 20)
        .handshake::<_, bytes::Bytes>(stream.expect("a connection"))
        .await
        .expect("HTTP/2");
    let request = http::Request::get(format!("http://{}/v1/repeat/late", talking.server.addr))
        .header("accept", "application/x-ndjson")
        .body(())
        .expect("a request");
    let (answer, _) = calls.send_request(request, true).expect("sent");
    // Nothing is read from the socket before the connection is polled again.
    let mut connection = Box::pin(connection);
    let poll = std::future::poll_fn(|cx| {
        assert!(connection.as_mut().poll(cx).is_pending(), "it is open");
        std::task::Poll::Ready(())
    });
    poll.await;
    tokio::time::sleep(LAZY).await;
    let driver = tokio::spawn(connection);
    let mut body = answer.await.expect("a head").into_body();
    let mut all = Vec::new();
    let mut last = Instant::now();
    let broken = loop {
        match timeout(Duration::from_secs(10), body.data()).await {
            Ok(Some(Ok(data))) => {
                body.flow_control()
                    .release_capacity(data.len())
                    .expect("what came");
                all.extend_from_slice(&data);
                last = Instant::now();
            }
            Ok(Some(Err(error))) => break error,
            other => panic!("no break: {other:?}"),
        }
    };
    assert!(broken.is_reset(), "{broken}");
    // Many a library would throw away what it has not handed out.
    assert!(last.elapsed() > Duration::from_millis(900), "not at once");
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("NO_SUCH_THING"), "{} bytes", all.len());
    driver.abort();
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_not_waited_for_for_ever() {
    let config = ServerConfig {
        keep_alive_timeout: Duration::from_millis(300),
        ..ServerConfig::default()
    };
    let talking = start_on(config, narrow_listener());
    let (mut stream, mut all) = failed_unread(&talking, "application/x-ndjson").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await;
    drop(read.expect("the connection is closed"));
    let all = String::from_utf8_lossy(&all);
    assert!(!all.contains("NO_SUCH_THING"), "{} bytes", all.len());
    assert!(!all.ends_with("0\r\n\r\n"), "no end that looks good");
}
