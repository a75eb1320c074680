//! `Expect: 100-continue` over a socket: who waits with a body learns what the head decides without sending it.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use crate::support::{self, served::Served};

/// A connection that has sent the head of a request and waits.
struct Waiting {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Waiting {
    fn send(server: SocketAddr, line: &str, headers: &[&str]) -> Self {
        let mut stream = TcpStream::connect(server).expect("the server listens");
        let timeout = Some(Duration::from_secs(10));
        stream.set_read_timeout(timeout).expect("a valid timeout");
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let head =
            format!("{line} HTTP/1.1\r\nhost: {server}\r\nexpect: 100-continue\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).expect("it reads");
        let read = Vec::new();
        Self { stream, read }
    }

    /// The status line of the next head that comes.
    fn status(&mut self) -> String {
        loop {
            if let Some(end) = self.read.windows(4).position(|it| it == b"\r\n\r\n") {
                let head: Vec<u8> = self.read.drain(..end + 4).collect();
                let head = String::from_utf8_lossy(&head).into_owned();
                return head.lines().next().unwrap_or_default().to_owned();
            }
            let mut piece = [0; 1024];
            let length = self.stream.read(&mut piece).expect("an answer within time");
            assert!(length > 0, "closed without an answer");
            self.read.extend_from_slice(&piece[..length]);
        }
    }
}

const JSON: &str = "content-type: application/json";

#[test]
fn case_45_what_the_head_decides_needs_no_body() {
    let cases: [(&str, &[&str], &str); 15] = [
        ("POST /nowhere", &[JSON], "404"),
        ("POST /v1/todos/%zz", &[JSON], "400"),
        ("PUT /v1/todos", &[JSON], "405"),
        ("POST /v1/todos", &["content-type: text/plain"], "415"),
        ("POST /v1/todos", &[], "415"),
        (
            "POST /v1/todos",
            &[JSON, "content-encoding: compress"],
            "415",
        ),
        ("POST /v1/todos", &[JSON, "accept: text/html"], "406"),
        ("POST /v1/todos", &[JSON, "if-match: not a tag"], "400"),
        // A page of somebody else.
        (
            "POST /v1/todos",
            &[
                "content-type: application/x-www-form-urlencoded",
                "sec-fetch-site: cross-site",
            ],
            "403",
        ),
        (
            "POST /v1/todos",
            &["content-type: multipart/form-data"],
            "400",
        ),
        // Connect.
        (
            "POST /todo.v1.TodoService/Nothing",
            &[
                "content-type: application/proto",
                "connect-protocol-version: 1",
            ],
            "404",
        ),
        (
            "POST /todo.v1.TodoService/GetTodo",
            &["content-type: application/connect+xml"],
            "415",
        ),
        (
            "POST /todo.v1.TodoService/GetTodo",
            &[
                "content-type: application/json",
                "connect-protocol-version: 1",
                "content-encoding: nope",
            ],
            "501",
        ),
        // gRPC-Web tells errors in its own way, at once as well.
        (
            "POST /todo.v1.TodoService/Nothing",
            &["content-type: application/grpc-web+proto"],
            "200",
        ),
        ("POST /v1/todos", &["content-type: application/grpc"], "505"),
    ];
    refused_without_a_body(&cases);
}

#[test]
fn case_45_values_of_the_head_are_looked_at_before_the_body() {
    refused_without_a_body(&[
        ("PATCH /v1/todos/%ff", &[JSON], "400"),
        ("POST /v1/todos?nothing=1", &[JSON], "400"),
        ("POST /v1/todos?validate_only=perhaps", &[JSON], "400"),
        ("POST /v1/todos?todo.title=twice", &[JSON], "400"),
        ("POST /v1/todos?$fields=nothing", &[JSON], "400"),
        ("POST /v1/todos?$alt=xml", &[JSON], "400"),
        ("POST /v1/todos", &[JSON, "x-request-timeout: soon"], "400"),
    ]);
}

/// Each head is answered with its status, although no body comes.
#[track_caller]
fn refused_without_a_body(cases: &[(&str, &[&str], &str)]) {
    let server = Served::start(&support::todo(), "memory:");
    for (line, headers, expected) in cases {
        let headers: Vec<_> = headers
            .iter()
            .copied()
            .chain(["content-length: 5"])
            .collect();
        let status = Waiting::send(server.address(), line, &headers).status();
        assert!(
            status.starts_with(&format!("HTTP/1.1 {expected} ")),
            "{line} {headers:?}: {status}"
        );
    }
}

#[test]
fn case_45_a_body_that_says_it_is_too_large_is_not_asked_for() {
    let server = Served::start(&support::todo(), "memory:");
    let headers = [JSON, "content-length: 5000000"];
    let status = Waiting::send(server.address(), "POST /v1/todos", &headers).status();
    assert!(status.starts_with("HTTP/1.1 413 "), "{status}");
}

#[test]
fn case_45_a_good_head_is_told_to_go_on() {
    let server = Served::start(&support::todo(), "memory:");
    let body = br#"{"title": "milk"}"#;
    let length = format!("content-length: {}", body.len());
    for framing in [&*length, "transfer-encoding: chunked"] {
        let mut waiting = Waiting::send(server.address(), "POST /v1/todos", &[JSON, framing]);
        assert_eq!(waiting.status(), "HTTP/1.1 100 Continue");
        if framing == length {
            waiting.stream.write_all(body).expect("it reads");
        } else {
            let text = String::from_utf8_lossy(body);
            let chunk = format!("{:x}\r\n{text}\r\n0\r\n\r\n", body.len());
            waiting
                .stream
                .write_all(chunk.as_bytes())
                .expect("it reads");
        }
        assert_eq!(waiting.status(), "HTTP/1.1 200 OK");
    }
}
