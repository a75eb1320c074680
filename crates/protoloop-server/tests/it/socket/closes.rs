//! How sockets end when something is wrong.

use bytes::Bytes;
use futures_util::SinkExt as _;
use tokio::io::AsyncWriteExt as _;

use super::{Socket, said, start};

#[tokio::test]
async fn an_error_is_told_as_a_whole_and_by_the_close_code() {
    let talking = start().await;
    for format in ["json", "proto"] {
        let headers = [("sec-websocket-protocol", format)];
        let path = "/v1/rooms/a/chat";
        let mut socket = Socket::open_with(talking.server.addr, path, &headers).await;
        match format {
            "json" => socket.send(r#"{"text":"fail"}"#).await,
            _ => socket.send_binary(said("", "fail")).await,
        }
        let error: serde_json::Value =
            serde_json::from_str(&socket.next().await).expect("JSON in either format");
        assert_eq!(error["error"]["status"], "NOT_FOUND");
        assert_eq!(error["error"]["details"][0]["reason"], "NO_SUCH_THING");
        assert_eq!(socket.next().await, "4005 there is no such thing");
    }
}

/// Sends one frame and gives the message of the error, and code and reason of the close frame.
async fn refused(path: &str, format: Option<&str>, frame: Frame<'_>) -> (String, String) {
    let talking = start().await;
    let headers: Vec<_> = format
        .map(|format| ("sec-websocket-protocol", format))
        .into_iter()
        .collect();
    let mut socket = Socket::open_with(talking.server.addr, path, &headers).await;
    match frame {
        Frame::Text(text) => socket.send(text).await,
        Frame::Binary(data) => socket.send_binary(data).await,
        Frame::Raw(bytes) => {
            let stream = socket.stream.get_mut();
            stream.write_all(bytes).await.expect("sent");
        }
    }
    let error: serde_json::Value = serde_json::from_str(&socket.next().await).expect("JSON");
    let message = error["error"]["message"].as_str().expect("a message");
    (message.to_owned(), socket.next().await)
}

enum Frame<'a> {
    Text(&'a str),
    Binary(Bytes),
    Raw(&'a [u8]),
}

#[tokio::test]
async fn frames_that_cannot_be_read_have_the_codes_of_the_standard() {
    let chat = "/v1/rooms/a/chat";
    let cases = [
        (None, Frame::Text("{"), "message 0: ", "1007"),
        (
            None,
            Frame::Text(r#"{"text":5}"#),
            "message 0: text: expected a string",
            "1007",
        ),
        (
            None,
            Frame::Text(r#"{"room":"rooms/b"}"#),
            "message 0: room: ",
            "1007",
        ),
        (
            None,
            Frame::Binary(said("rooms/b", "")),
            "message 0: room: ",
            "1007",
        ),
        (
            None,
            Frame::Binary(Bytes::from_static(b"\x12\x05x")),
            "message 0: ",
            "1007",
        ),
        (
            Some("json"),
            Frame::Binary(said("", "hi")),
            "messages are JSON in text frames",
            "1003",
        ),
        (
            Some("proto"),
            Frame::Text("{}"),
            "messages are protobuf in binary frames",
            "1003",
        ),
        (
            None,
            Frame::Binary(vec![0; (4 << 20) + 1].into()),
            "the message is larger than 4194304 bytes",
            "1009",
        ),
        // A text frame of one byte that is no UTF-8, with the mask 0.
        (
            None,
            Frame::Raw(b"\x81\x81\0\0\0\0\xff"),
            "a text frame is not UTF-8",
            "1007",
        ),
        // Without a mask.
        (
            None,
            Frame::Raw(b"\x81\x01x"),
            "the frames are no WebSocket's",
            "1002",
        ),
    ];
    for (format, frame, message, code) in cases {
        let (told, closed) = refused(chat, format, frame).await;
        assert!(told.starts_with(message), "{told}");
        assert!(closed.starts_with(code), "{told}: {closed}");
    }
    let (told, closed) = refused("/v1/repeat/silent", None, Frame::Text("{}")).await;
    assert!(told.starts_with("a message behind the last one"), "{told}");
    assert!(closed.starts_with("4003 "), "{closed}");
}

/// The caller may be in the middle of a large message when it is refused; it sees why all the same.
#[tokio::test]
async fn a_caller_that_goes_on_sending_sees_the_close_frame() {
    let talking = start().await;
    let mut socket = Socket::open(talking.server.addr, "/v1/rooms/a/chat").await;
    for _ in 0..8 {
        let large = vec![b' '; 6 << 20];
        let message = tokio_tungstenite::tungstenite::Message::binary(large);
        if socket.stream.feed(message).await.is_err() {
            break;
        }
    }
    // The library may see the reset of a connection that is closed while it writes.
    let told = socket.next().await;
    assert!(told.contains("RESOURCE_EXHAUSTED"), "{told}");
}
