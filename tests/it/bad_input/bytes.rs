//! Connections that do not keep to the protocol: whatever comes, the next caller is served.

use std::{
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use super::table::with_kitchen;
use crate::support::http;

/// Sends bytes, ends the sending side and gives what comes back before the server closes.
fn raw(server: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server).expect("the server listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a valid timeout");
    // The server may have closed already.
    let _ = stream.write_all(bytes);
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn noise_harms_nobody() {
    with_kitchen(|server| {
        let many_headers = format!(
            "GET /v1/dishes HTTP/1.1\r\nhost: x\r\n{}\r\n",
            "a: b\r\n".repeat(20_000)
        );
        let long_line = format!(
            "GET /v1/{} HTTP/1.1\r\nhost: x\r\n\r\n",
            "x".repeat(1 << 20)
        );
        let noise: [&[u8]; 10] = [
            b"",
            b"\r\n\r\n",
            b"\x00\x01\x02\x03\xff\xfe",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"GET",
            b"GET / HTTP/9.9\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff",
            b"POST /v1/dishes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{",
            many_headers.as_bytes(),
            long_line.as_bytes(),
        ];
        for bytes in noise {
            let answer = raw(server, bytes);
            assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
        }
        String::new()
    });
}

#[test]
fn a_query_that_is_too_long_is_told_what_is_wrong() {
    with_kitchen(|server| {
        // Longer than path and query may be, and than the headers may be: the two bounds count together.
        for length in [16 << 10, 20_000, 30_000] {
            let target = format!("/v1/dishes?filter={}", "x".repeat(length));
            let answer = http::get(server, &target);
            let message = &answer.json()["error"]["message"];
            if answer.status != 414 || !message.to_string().contains("16384 bytes") {
                return format!("{length}: {} {}", answer.status, answer.text());
            }
        }
        String::new()
    });
}

#[test]
fn a_request_line_that_is_too_long_is_refused() {
    with_kitchen(|server| {
        let answer = raw(
            server,
            format!(
                "GET /v1/{} HTTP/1.1\r\nhost: x\r\n\r\n",
                "x".repeat(100_000)
            )
            .as_bytes(),
        );
        if answer.starts_with("HTTP/1.1 431") || answer.starts_with("HTTP/1.1 414") {
            String::new()
        } else {
            answer
        }
    });
}

#[test]
fn frames_of_grpc_web_that_are_none_are_refused() {
    let frame = |flags: u8, length: u32, content: &[u8]| {
        [&[flags], &length.to_be_bytes()[..], content].concat()
    };
    let frames = [
        Vec::new(),
        vec![0, 0],
        frame(0, 100, b"short"),
        frame(0, u32::MAX, b""),
        frame(0x80, 5, b"a: b\n"),
        frame(1, 3, b"\x0a\x01a"),
        frame(0, 3, b"\x0a\x0a\x01"),
    ];
    with_kitchen(|server| {
        let mut wrong = String::new();
        for frame in &frames {
            let headers = [("content-type", "application/grpc-web+proto")];
            let answer = http::send(
                server,
                "POST",
                "/kitchen.v1.DishService/GetDish",
                &headers,
                frame,
            );
            let trailers = answer.text();
            let status = answer
                .header("grpc-status")
                .or_else(|| trailers.split_once("grpc-status:").map(|(_, it)| it));
            if status.is_none_or(|status| status.trim_start().starts_with('0')) {
                wrong.push_str(&format!("\n{frame:02x?}: {answer:?}"));
            }
        }
        wrong
    });
}
