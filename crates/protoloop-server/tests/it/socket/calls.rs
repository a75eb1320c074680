//! What goes in and out.

use bytes::Bytes;

use super::{Socket, said, start};

#[tokio::test]
async fn messages_are_json_in_text_frames_or_protobuf_in_binary_ones() {
    let talking = start().await;
    let path = "/v1/rooms/a/chat";
    let json = [("sec-websocket-protocol", "json")];
    let mut socket = Socket::open_with(talking.server.addr, path, &json).await;
    assert_eq!(socket.headers["sec-websocket-protocol"], "json");
    socket.send(r#"{"text":"hi"}"#).await;
    assert_eq!(socket.next().await, r#"{"room":"rooms/a","text":"hi"}"#);
    socket.send(r#"{"text":"there"}"#).await;
    assert_eq!(
        socket.next().await,
        r#"{"text":"there"}"#,
        "the path is in the first"
    );
    socket.send("").await;
    assert_eq!(socket.next().await, "1000 ");
    assert_eq!(socket.next().await, "over");

    let proto = [("sec-websocket-protocol", "nothing, proto")];
    let mut socket = Socket::open_with(talking.server.addr, path, &proto).await;
    assert_eq!(socket.headers["sec-websocket-protocol"], "proto");
    socket.send_binary(said("", "hi")).await;
    let whole = format!("{:?}", said("rooms/a", "hi"));
    assert_eq!(socket.next().await, whole);
    socket.send_binary(said("rooms/b", "hi")).await;
    assert_eq!(
        socket.next().await,
        format!("{:?}", said("rooms/b", "hi")),
        "a later message is as it is"
    );
    socket.send("").await;
    assert_eq!(socket.next().await, "1000 ");
}

#[tokio::test]
async fn without_a_subprotocol_the_first_frame_decides() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/chat").await;
    assert!(!socket.headers.contains_key("sec-websocket-protocol"));
    socket.send_binary(said("", "hi")).await;
    assert_eq!(socket.next().await, format!("{:?}", said("rooms/a", "hi")));
    // Each frame of the caller says by itself what it is.
    socket.send(r#"{"text":"there"}"#).await;
    let there = Bytes::from_static(b"\x12\x05there");
    assert_eq!(socket.next().await, format!("{there:?}"));
}

#[tokio::test]
async fn a_binding_without_body_makes_a_message_of_its_own() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/listen?text=now").await;
    assert_eq!(socket.next().await, r#"{"room":"rooms/a","text":"now"}"#);
    socket.send(r#"{"text":"more"}"#).await;
    assert_eq!(socket.next().await, r#"{"text":"more"}"#);
}

#[tokio::test]
async fn body_and_response_body_are_what_json_frames_show() {
    let talking = start().await;
    let path = "/v1/rooms/a/details?text=t";
    let mut socket = Socket::open(talking.server.addr, path).await;
    socket.send(r#"{"note":"n"}"#).await;
    assert_eq!(socket.next().await, r#"{"note":"n"}"#);
    socket.send("null").await;
    assert_eq!(socket.next().await, "null");
}

#[tokio::test]
async fn server_streams_begin_at_once_or_by_their_one_message() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/repeat/hi?$fields=text").await;
    assert_eq!(socket.headers["x-head"], "there");
    for expected in [r#"{"text":"hi"}"#, r#"{"text":"hi"}"#, "1000 "] {
        assert_eq!(socket.next().await, expected);
    }
    let mut socket = Socket::open(talking.server.addr, "/v1/repeat").await;
    socket.send(r#"{"text":"ho"}"#).await;
    for expected in [r#"{"text":"ho"}"#, r#"{"text":"ho"}"#, "1000 "] {
        assert_eq!(socket.next().await, expected);
    }
}

#[tokio::test]
async fn client_streams_end_by_an_empty_text_frame() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/collect").await;
    for text in ["a", "b", "c"] {
        socket.send(&format!(r#"{{"text":"{text}"}}"#)).await;
    }
    socket.send("").await;
    assert_eq!(socket.next().await, r#"{"text":"a+b+c"}"#);
    assert_eq!(socket.next().await, "1000 ");
}
