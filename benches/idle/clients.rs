//! Who opens the streams.

use std::{
    any::Any,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::runtime::{Builder, Runtime};

/// Streams, open as long as this lives.
type Open = Box<dyn Any>;

type Opener = fn(SocketAddr, usize) -> Open;

/// All of them with their names.
pub(crate) const ALL: [(&str, Opener); 6] = [
    ("a connection without a stream", |address, count| {
        over_http1(address, count, "GET /livez HTTP/1.1\r\n")
    }),
    ("events, HTTP/1.1", |address, count| {
        over_http1(
            address,
            count,
            "GET /v1/watch?begin=true HTTP/1.1\r\naccept: text/event-stream\r\n",
        )
    }),
    ("events, HTTP/1.1, none yet", |address, count| {
        over_http1(
            address,
            count,
            "GET /v1/watch HTTP/1.1\r\naccept: text/event-stream\r\n",
        )
    }),
    ("NDJSON, HTTP/1.1", |address, count| {
        over_http1(
            address,
            count,
            "GET /v1/watch?begin=true HTTP/1.1\r\naccept: application/x-ndjson\r\n",
        )
    }),
    ("events, HTTP/2, 200 to a connection", over_http2),
    ("WebSocket, HTTP/1.1", |address, count| {
        over_http1(
            address,
            count,
            "GET /v1/watch?begin=true HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        )
    }),
];

/// A connection each. All ask before the first answer is read.
fn over_http1(address: SocketAddr, count: usize, head: &str) -> Open {
    let request = format!("{head}host: localhost\r\nuser-agent: idle/1.0\r\n\r\n");
    let mut streams = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request.as_bytes()).expect("sent");
        streams.push(stream);
    }
    for stream in &mut streams {
        let mut head = [0; 4096];
        let size = stream.read(&mut head).expect("an answer");
        let head = String::from_utf8_lossy(&head[..size]);
        let good = head.starts_with("HTTP/1.1 200") || head.starts_with("HTTP/1.1 101");
        assert!(good, "{head}");
    }
    Box::new(streams)
}

const TO_A_CONNECTION: usize = 200;

fn over_http2(address: SocketAddr, count: usize) -> Open {
    let runtime: Runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let streams = runtime.block_on(async {
        let mut streams: Vec<Box<dyn Any>> = Vec::new();
        for _ in 0..count.div_ceil(TO_A_CONNECTION) {
            let stream = tokio::net::TcpStream::connect(address).await;
            let io = TokioIo::new(stream.expect("a connection"));
            let opened = http2::handshake(TokioExecutor::new(), io).await;
            let (mut sender, connection) = opened.expect("HTTP/2");
            tokio::spawn(connection);
            for _ in 0..TO_A_CONNECTION.min(count) {
                let request = hyper::Request::get("http://localhost/v1/watch?begin=true")
                    .header("accept", "text/event-stream")
                    .body(Empty::<Bytes>::new())
                    .expect("a good request");
                sender.ready().await.expect("room");
                let response = sender.send_request(request).await.expect("an answer");
                assert_eq!(response.status(), 200);
                streams.push(Box::new(response));
            }
            streams.push(Box::new(sender));
        }
        streams
    });
    Box::new((streams, runtime))
}
