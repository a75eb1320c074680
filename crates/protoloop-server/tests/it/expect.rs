//! Callers that wait to be told to send a body: who may not call need not send it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use protoloop_core::{BoxFuture, Call, Error, Handler, Reply, Result};
use protoloop_server::{Phase, Sequence, ServerConfig, layer_fn};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{client::Running, socket::rooms};

/// Lets in who has a key, and counts whom it looked at.
struct Guard {
    looks: Arc<AtomicUsize>,
    inner: Arc<dyn Handler>,
}

impl Handler for Guard {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        self.looks.fetch_add(1, SeqCst);
        match call.context.metadata().contains_key("x-key") {
            true => self.inner.call(call),
            false => Box::pin(async { Err(Error::unauthenticated("who are you?")) }),
        }
    }
}

async fn guarded() -> (Running, Arc<AtomicUsize>) {
    let looks = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&looks);
    let guard = layer_fn(move |inner| {
        let looks = Arc::clone(&counted);
        Arc::new(Guard { looks, inner })
    });
    let layers = Sequence::builder().at(Phase::Authenticate, guard);
    let server = rooms(ServerConfig::default()).layers(layers);
    (Running::start(server).await, looks)
}

/// Sends the head of a POST, and gives the line of the first answer.
async fn first_line(stream: &mut TcpStream, path: &str, headers: &str) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\ncontent-length: 13\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    line(stream).await
}

async fn line(stream: &mut TcpStream) -> String {
    let mut found = Vec::new();
    let read = async {
        while !found.ends_with(b"\r\n\r\n") {
            found.push(stream.read_u8().await.expect("open"));
        }
    };
    timeout(Duration::from_secs(10), read)
        .await
        .expect("in time");
    let found = String::from_utf8(found).expect("text");
    found.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_caller_that_may_not_call_need_not_send_its_body() {
    let (server, looks) = guarded().await;
    for path in ["/v1/repeat", "/v1/collect"] {
        let mut stream = TcpStream::connect(server.addr).await.expect("connected");
        let refused = first_line(&mut stream, path, "").await;
        assert_eq!(refused, "HTTP/1.1 401 Unauthorized", "{path}");
    }
    assert_eq!(looks.load(SeqCst), 2);
}

#[tokio::test]
async fn a_caller_that_may_call_is_looked_at_with_its_message_again() {
    let (server, looks) = guarded().await;
    let mut stream = TcpStream::connect(server.addr).await.expect("connected");
    let told = first_line(&mut stream, "/v1/repeat", "x-key: 1\r\n").await;
    assert_eq!(told, "HTTP/1.1 100 Continue");
    stream.write_all(br#"{"text":"hi"}"#).await.expect("sent");
    assert_eq!(line(&mut stream).await, "HTTP/1.1 200 OK");
    assert_eq!(looks.load(SeqCst), 2);

    // Who does not wait is looked at once.
    let head = "POST /v1/repeat HTTP/1.1\r\nhost: localhost\r\nx-key: 1\r\n\
                content-type: application/json\r\ncontent-length: 13\r\n\r\n{\"text\":\"hi\"}";
    let mut stream = TcpStream::connect(server.addr).await.expect("connected");
    stream.write_all(head.as_bytes()).await.expect("sent");
    assert_eq!(line(&mut stream).await, "HTTP/1.1 200 OK");
    assert_eq!(looks.load(SeqCst), 3);
}
