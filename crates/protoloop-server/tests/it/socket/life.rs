//! Callers that go, are slow, or are gone without a word; and a server that goes.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use protoloop_server::ServerConfig;
use tokio_tungstenite::tungstenite::Message;

use super::{Seen, Socket, start, start_with};

#[tokio::test]
async fn a_caller_that_goes_cancels_the_call() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/chat").await;
    socket.send(r#"{"text":"hi"}"#).await;
    socket.next().await;
    drop(socket);
    Seen::until(&talking.seen.over, 1).await;

    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/chat").await;
    socket.send(r#"{"text":"hang"}"#).await;
    Seen::until(&talking.seen.taken, 2).await;
    socket.stream.close(None).await.expect("sent");
    assert_eq!(socket.next().await, "closed", "the handshake is answered");
    Seen::until(&talking.seen.over, 2).await;

    let mut socket = Socket::open(talking.server.addr, "/v1/collect").await;
    socket.send(r#"{"text":"hang"}"#).await;
    Seen::until(&talking.seen.taken, 3).await;
    drop(socket);
    Seen::until(&talking.seen.over, 3).await;
}

#[tokio::test]
async fn a_slow_reader_holds_the_method_up() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/repeat/flood").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let made = talking.seen.made.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let later = talking.seen.made.load(Ordering::SeqCst);
    assert_eq!(made, later, "nothing is made for nobody");
    assert!(made < 4000, "{made} messages of 8 KiB");
    for _ in 0..made + 100 {
        assert!(socket.next().await.len() > 8000);
    }
    assert!(talking.seen.made.load(Ordering::SeqCst) > made);
    drop(socket);
    Seen::until(&talking.seen.over, 1).await;
}

#[tokio::test]
async fn a_slow_method_holds_the_caller_up() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/collect").await;
    socket.send(r#"{"text":"hang"}"#).await;
    let large = Message::text(format!(r#"{{"text":"{}"}}"#, "x".repeat(60 << 10)));
    let flood = async {
        loop {
            socket.stream.send(large.clone()).await.expect("open");
        }
    };
    let held = tokio::time::timeout(Duration::from_secs(1), flood).await;
    assert!(held.is_err(), "it is held up");
    assert_eq!(talking.seen.taken.load(Ordering::SeqCst), 1);
}

fn pinging() -> ServerConfig {
    ServerConfig {
        keep_alive_interval: Some(Duration::from_millis(100)),
        keep_alive_timeout: Duration::from_secs(1),
        ..ServerConfig::default()
    }
}

#[tokio::test]
async fn a_silent_caller_is_asked_for_a_sign_of_life() {
    let talking = start_with(pinging()).await;
    let mut socket = Socket::open(talking.server.addr, "/v1/repeat/silent").await;
    let begin = Instant::now();
    // Reading answers pings.
    while begin.elapsed() < Duration::from_secs(1) {
        let message = socket.stream.next().await;
        assert!(matches!(message, Some(Ok(Message::Ping(_)))), "{message:?}");
    }
    let mut dead = Socket::open(talking.server.addr, "/v1/rooms/a/listen?text=x").await;
    assert_eq!(dead.next().await, r#"{"room":"rooms/a","text":"x"}"#);
    // It reads nothing, and so answers nothing.
    Seen::until(&talking.seen.over, 1).await;
}

#[tokio::test]
async fn a_server_that_goes_says_so() {
    let talking = start_with(ServerConfig {
        grace_period: Duration::from_millis(1200),
        ..ServerConfig::default()
    })
    .await;
    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/chat").await;
    socket.send(r#"{"text":"hi"}"#).await;
    socket.next().await;
    let stopped = talking.server.stop();
    let told = socket.next().await;
    assert!(told.contains("UNAVAILABLE"), "{told}");
    assert_eq!(socket.next().await, "1001 the server is going away");
    stopped.await;
}

#[tokio::test]
async fn the_one_message_of_a_method_must_come_in_time() {
    let talking = start_with(ServerConfig {
        read_timeout: Duration::from_millis(200),
        ..ServerConfig::default()
    })
    .await;
    let mut socket = Socket::open(talking.server.addr, "/v1/repeat").await;
    let told = socket.next().await;
    assert!(told.contains("DEADLINE_EXCEEDED"), "{told}");
    assert!(socket.next().await.starts_with("1008 "));
}

#[tokio::test]
async fn the_callers_deadline_ends_the_call() {
    let talking = start().await;
    let headers = [("x-request-timeout", "0.3")];
    let mut socket = Socket::open_with(talking.server.addr, "/v1/rooms/a/chat", &headers).await;
    let told = socket.next().await;
    assert!(told.contains("DEADLINE_EXCEEDED"), "{told}");
    assert!(socket.next().await.starts_with("4004 "));
}

/// Nobody reads, so nobody sees the end of the connection; a ping that cannot be sent tells of it.
#[tokio::test]
async fn a_caller_that_goes_is_missed_also_while_the_method_does_not_read() {
    let talking = start_with(pinging()).await;
    let mut socket = Socket::open(talking.server.addr, "/v1/collect").await;
    for _ in 0..40 {
        socket.send(r#"{"text":"hang"}"#).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(
        talking.seen.over.load(Ordering::SeqCst),
        0,
        "who is not heard is not dead"
    );
    drop(socket);
    Seen::until(&talking.seen.over, 1).await;
}
