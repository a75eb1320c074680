//! One request, and what came of it.

use std::{
    fmt,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

use super::{cases::Case, normal};
use crate::support::echo::Echo;

/// What a request led to.
#[derive(Debug, PartialEq)]
pub(super) struct Seen {
    /// 0 where no head came.
    pub(super) status: u16,
    /// What the upstream was asked; null for nothing.
    pub(super) arrived: Value,
    pub(super) answer: Answer,
}

#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// A refusal by the gateway itself; each has words of its own.
    Refused,
    Json(Value),
    /// Type and text.
    Other(String, String),
    /// The connection broke off within the answer.
    Broken,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.status)?;
        match &self.answer {
            Answer::Refused => f.write_str(" refused")?,
            Answer::Json(value) => write!(f, " {value}")?,
            Answer::Other(kind, text) => write!(f, " {kind} {text:?}")?,
            Answer::Broken => f.write_str(" broken off")?,
        }
        match &self.arrived {
            Value::Null => Ok(()),
            arrived => write!(f, "\n        arrived {arrived}"),
        }
    }
}

/// Sends the request, and asks the upstream what arrived.
pub(super) fn ask(server: SocketAddr, echo: &Echo, case: &Case) -> Seen {
    let name = case.name.replace(' ', "-");
    let (status, headers, body) = exchange(server, case, &name);
    let arrived = echo.arrived(&name);
    let kind = header(&headers, "content-type");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
    let answer = match body {
        _ if status >= 400 && arrived.is_null() => Answer::Refused,
        None => Answer::Broken,
        Some(body) => {
            let text = String::from_utf8_lossy(&body).into_owned();
            match serde_json::from_str(&text) {
                Ok(value) if kind == "application/json" => Answer::Json(normal(value)),
                _ => Answer::Other(kind, text),
            }
        }
    };
    Seen {
        status,
        arrived,
        answer,
    }
}

/// An answer: its status, headers, and the body; `None` for a body that broke off.
type Answered = (u16, Vec<String>, Option<Vec<u8>>);

fn exchange(server: SocketAddr, case: &Case, name: &str) -> Answered {
    let Case {
        method,
        target,
        headers,
        body,
        ..
    } = case;
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {server}\r\nconnection: close\r\nx-case: {name}\r\n"
    );
    for (name, value) in *headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let typed = headers.iter().any(|(name, _)| *name == "content-type");
        if !typed {
            request += "content-type: application/json\r\n";
        }
        request += &format!("content-length: {}\r\n", body.len());
    }
    request += "\r\n";
    let mut stream = TcpStream::connect(server).expect("it listens");
    let timeout = Some(Duration::from_secs(3));
    stream.set_read_timeout(timeout).expect("a valid timeout");
    let mut request = request.into_bytes();
    request.extend_from_slice(body.as_bytes());
    stream.write_all(&request).expect("it reads");
    let (mut raw, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        // Envoy keeps a connection open for a second behind an answer to what it did not read.
        if let Some(answered) = split(&raw, case.method == "HEAD", false) {
            return answered;
        }
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => raw.extend_from_slice(&piece[..length]),
            // A connection that is reset is one that broke off.
            _ => return split(&raw, case.method == "HEAD", true).unwrap_or_default(),
        }
    }
}

/// `None` when the answer is not whole yet.
fn split(raw: &[u8], head_only: bool, ended: bool) -> Option<Answered> {
    let end = raw.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.lines().map(str::to_owned);
    let status = lines.next().unwrap_or_default();
    let status = status.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.expect("a status line");
    let headers: Vec<String> = lines.collect();
    let rest = &raw[end + 4..];
    let length = header(&headers, "content-length").parse::<usize>();
    let body = if head_only || status == 204 {
        Some(Vec::new())
    } else if header(&headers, "transfer-encoding") == "chunked" {
        chunks(rest)
    } else if let Ok(length) = length {
        rest.get(..length).map(<[u8]>::to_vec)
    } else {
        ended.then(|| rest.to_vec())
    };
    (ended || body.is_some()).then_some((status, headers, body))
}

fn header<'h>(headers: &'h [String], name: &str) -> &'h str {
    let found = headers.iter().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    found.unwrap_or_default()
}

fn chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|it| it == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 2 + size + 2..)?;
    }
}
