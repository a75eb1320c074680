//! Frames as RFC 6455 allows and forbids them, group by group as Autobahn's suite has them; that one needs Python 2.

use futures_util::StreamExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_tungstenite::tungstenite::Message;

use super::{Socket, start};

const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame of a client: the first byte as it is, the payload under a mask.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..=125), _) => bytes.push(0x80 | length),
        (_, Ok(length)) => {
            bytes.push(0x80 | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x12, 0x34, 0x56, 0x78];
    bytes.extend(mask);
    let masked = payload.iter().zip(mask.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}

/// A whole message, or the last piece of one.
fn last(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(0x80 | opcode, payload)
}

/// A piece that others follow.
fn piece(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(opcode, payload)
}

fn said(text: &str) -> String {
    format!(r#"{{"room":"rooms/a","text":"{text}"}}"#)
}

async fn open(frames: &[Vec<u8>]) -> (super::Talking, Socket) {
    let talking = start().await;
    let headers = [("sec-websocket-protocol", "json")];
    let mut socket = Socket::open_with(talking.server.addr, "/v1/rooms/a/chat", &headers).await;
    let stream = socket.stream.get_mut();
    stream.write_all(&frames.concat()).await.expect("sent");
    (talking, socket)
}

/// The first text, or the close code, that comes back.
async fn answer(frames: &[Vec<u8>]) -> String {
    let (_talking, mut socket) = open(frames).await;
    socket.next().await
}

/// The code that a socket is closed with, behind the error that says why if there is one.
async fn closed(frames: &[Vec<u8>]) -> String {
    let (_talking, mut socket) = open(frames).await;
    loop {
        let next = socket.next().await;
        if !next.starts_with('{') {
            return next.split(' ').next().unwrap_or_default().to_owned();
        }
    }
}

#[tokio::test]
async fn every_length_is_read() {
    for length in [
        0, 1, 100, 113, 114, 115, 125, 126, 127, 65_521, 65_523, 65_536,
    ] {
        let text = "x".repeat(length);
        let request = format!(r#"{{"text":"{text}"}}"#);
        let expected = match length {
            0 => r#"{"room":"rooms/a"}"#.to_owned(),
            _ => said(&text),
        };
        let found = answer(&[last(TEXT, request.as_bytes())]).await;
        assert_eq!(found.len(), expected.len(), "{length}");
        assert_eq!(found, expected);
    }
}

#[tokio::test]
async fn pings_are_answered_with_what_they_hold() {
    for payload in [&b""[..], b"hello", &[0, 0xff, 0xfe], &[0xfe; 125]] {
        let (_talking, mut socket) = open(&[last(PING, payload)]).await;
        let pong = socket.stream.next().await.expect("open").expect("a frame");
        assert_eq!(pong, Message::Pong(payload.to_vec().into()));
    }
    assert_eq!(closed(&[last(PING, &[0; 126])]).await, "1002");
    // Nobody asked for a pong; it says nothing.
    let hello = br#"{"text":"hello"}"#;
    let frames = [last(PONG, b"unasked"), last(TEXT, hello)];
    assert_eq!(answer(&frames).await, said("hello"));
}

#[tokio::test]
async fn reserved_bits_and_opcodes_are_refused() {
    for bit in [0x40, 0x20, 0x10] {
        for opcode in [TEXT, PING, CLOSE] {
            let frames = [frame(0x80 | bit | opcode, b"{}")];
            assert_eq!(closed(&frames).await, "1002", "{bit:x} {opcode}");
        }
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        assert_eq!(closed(&[last(opcode, b"")]).await, "1002", "{opcode}");
    }
}

#[tokio::test]
async fn messages_may_come_in_pieces() {
    let (begin, end) = (br#"{"text":"he"#, br#"llo"}"#);
    let whole = [
        vec![piece(TEXT, begin), last(0, end)],
        vec![piece(TEXT, begin), last(PING, b"in between"), last(0, end)],
        vec![
            piece(TEXT, b""),
            piece(0, begin),
            piece(0, b""),
            last(0, end),
        ],
    ];
    for frames in whole {
        assert_eq!(answer(&frames).await, said("hello"));
    }
    let each: Vec<_> = br#"{"text":"hello"}"#
        .iter()
        .enumerate()
        .map(|(index, byte)| piece(if index == 0 { TEXT } else { 0 }, &[*byte]))
        .chain([last(0, b"")])
        .collect();
    assert_eq!(answer(&each).await, said("hello"));
    for (frames, what) in [
        (vec![last(0, end)], "an end without a beginning"),
        (vec![piece(0, end)], "a middle without a beginning"),
        (
            vec![piece(TEXT, begin), last(TEXT, end)],
            "a message within a message",
        ),
        (vec![piece(PING, b"")], "a ping in pieces"),
        (vec![piece(PONG, b"")], "a pong in pieces"),
        (vec![piece(CLOSE, b"")], "a close in pieces"),
    ] {
        assert_eq!(closed(&frames).await, "1002", "{what}");
    }
}

#[tokio::test]
async fn text_is_utf8() {
    // A character of four bytes, cut in every place.
    let hello = "{\"text\":\"\u{1f600}\"}".as_bytes();
    for cut in 9..14 {
        let frames = [piece(TEXT, &hello[..cut]), last(0, &hello[cut..])];
        assert_eq!(answer(&frames).await, said("\u{1f600}"), "{cut}");
    }
    for wrong in [
        &b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"[..],
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf8\x88\x80\x80\x80",
        b"\xed\xbf\xbf",
        b"\xfe",
        b"\xc3",
    ] {
        assert_eq!(closed(&[last(TEXT, wrong)]).await, "1007", "{wrong:x?}");
        let (begin, end) = wrong.split_at(1);
        let frames = [piece(TEXT, begin), last(0, end)];
        assert_eq!(closed(&frames).await, "1007", "{wrong:x?} in pieces");
    }
}

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code() {
    let close = |code: u16, reason: &[u8]| last(CLOSE, &[&code.to_be_bytes(), reason].concat());
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        let found = closed(&[close(code, b"bye")]).await;
        assert_eq!(found, code.to_string());
    }
    assert_eq!(closed(&[last(CLOSE, b"")]).await, "closed");
    assert_eq!(closed(&[close(1000, &[b'x'; 123])]).await, "1000");
    for code in [
        0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        let found = closed(&[close(code, b"")]).await;
        assert_eq!(found, "1002", "{code}");
    }
    assert_eq!(closed(&[last(CLOSE, b"\x03")]).await, "1002");
    assert_eq!(closed(&[close(1000, &[b'x'; 124])]).await, "1002");
    // Behind a close frame nothing is read.
    let frames = [
        close(1000, b""),
        last(TEXT, br#"{"text":"late"}"#),
        last(PING, b"late"),
    ];
    assert_eq!(closed(&frames).await, "1000");
}
