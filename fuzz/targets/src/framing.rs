//! The framing of gRPC, gRPC-Web in both forms, and Connect.

use bytes::Bytes;
use http::{Request, Version, header};
use protoloop_wire::{
    Limits, check,
    json::{self, from_base64, to_base64},
};

use crate::{
    drive::{Answer, Echo, answer, pieces},
    fixture::{LIMIT, fixture},
};

/// What the first two bytes of an input choose.
#[derive(Clone, Copy)]
struct Choice {
    path: &'static str,
    streams_in: bool,
    streams_out: bool,
    json: bool,
    /// Whether a header says that messages may be compressed.
    compressed: bool,
    version: Version,
    cut: usize,
}

impl Choice {
    fn take(input: &[u8]) -> Option<(Self, &[u8])> {
        let (&[first, cut], rest) = input.split_first_chunk()?;
        let (path, streams_in, streams_out) = match first & 3 {
            0 => ("/fuzz.v1.Fuzz/Store", false, false),
            1 => ("/fuzz.v1.Fuzz/Fetch", false, false),
            2 => ("/fuzz.v1.Fuzz/Send", true, false),
            _ => ("/fuzz.v1.Fuzz/Chat", true, true),
        };
        let choice = Self {
            path,
            streams_in,
            streams_out,
            json: first & 4 != 0,
            compressed: first & 8 != 0,
            version: match first & 16 {
                0 => Version::HTTP_2,
                _ => Version::HTTP_11,
            },
            cut: usize::from(cut) + 1,
        };
        Some((choice, rest))
    }

    const fn codec(self) -> &'static str {
        match self.json {
            true => "json",
            false => "proto",
        }
    }
}

/// Two bytes that choose method, codec, compression and cut, then a request body: gRPC and gRPC-Web in both its forms
/// hear the same messages and answer the same, wherever the body is cut.
pub fn grpc_framing(input: &[u8]) {
    let Some((choice, body)) = Choice::take(input) else {
        return;
    };
    let (got, web) = grpc(choice, "-web", body, choice.cut);
    let (again, whole) = grpc(choice, "-web", body, LIMIT);
    assert_eq!((&got, &web), (&again, &whole));
    let (native, answer) = grpc(choice, "", body, choice.cut);
    assert_eq!(got, native);
    let text = to_base64(body);
    let (texted, answer_text) = grpc(choice, "-web-text", text.as_bytes(), choice.cut);
    assert_eq!(got, texted);
    let expected = expected(choice, body);
    if let Some(expected) = &expected {
        assert_eq!(got.as_ref(), expected.as_ref());
    }
    check_web(choice, &web, got.as_deref());
    assert_eq!(untexted(&answer_text.body), web.body);
    let status = |answer: &Answer| {
        let status = answer.trailers.get("grpc-status");
        status
            .or_else(|| answer.headers.get("grpc-status"))
            .cloned()
    };
    let succeeded = status(&answer).expect("every answer has a status") == "0";
    assert!(!succeeded || got.is_some());
    // A body that is no base64, or padded in the middle. Of several faults, the cut may choose which is met first.
    let (cut, _) = grpc(choice, "-web-text", body, choice.cut);
    let (whole, _) = grpc(choice, "-web-text", body, LIMIT);
    assert_eq!(cut, whole);
}

fn grpc(choice: Choice, kind: &str, body: &[u8], cut: usize) -> (Option<Vec<Bytes>>, Answer) {
    let content_type = format!("application/grpc{kind}+{}", choice.codec());
    let mut request = Request::post(choice.path)
        .version(choice.version)
        .header(header::CONTENT_TYPE, content_type);
    if choice.compressed {
        request = request.header("grpc-encoding", "gzip");
    }
    let request = request.body(pieces(body, cut)).expect("it is a request");
    let echo = Echo::default();
    let answer = answer(fixture().grpc.serve(request, None, &echo));
    (echo.got(), answer)
}

/// The messages that a handler should get: `None` where that is not known, `Some(None)` where it should get none.
#[allow(clippy::option_option, reason = "the outer one is about the knowledge")]
fn expected(choice: Choice, body: &[u8]) -> Option<Option<Vec<Bytes>>> {
    let mut messages = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let Some((&[flags, a, b, c, d], behind)) = rest.split_first_chunk() else {
            return Some(None);
        };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > LIMIT || length > behind.len() {
            return Some(None);
        }
        if flags == 1 && choice.compressed {
            return None;
        }
        let (message, behind) = behind.split_at(length);
        let Some(message) = decoded(choice, message).filter(|_| flags == 0) else {
            return Some(None);
        };
        messages.push(message);
        rest = behind;
    }
    let fits = choice.streams_in || messages.len() == 1;
    Some(fits.then_some(messages))
}

fn decoded(choice: Choice, message: &[u8]) -> Option<Bytes> {
    let fixture = fixture();
    let [id, _] = fixture.messages;
    if choice.json {
        let options = json::DecodeOptions {
            ignore_unknown: true,
            ..json::DecodeOptions::default()
        };
        let message = json::decode(&fixture.tables, id, message, &options).ok()?;
        return Some(message.into());
    }
    check(&fixture.tables, id, message, &Limits::default()).ok()?;
    Some(Bytes::copy_from_slice(message))
}

/// Messages, then the trailers, then nothing.
fn check_web(choice: Choice, answer: &Answer, got: Option<&[Bytes]>) {
    let mut frames = envelopes(&answer.body);
    let (flags, trailers) = frames.pop().expect("the status is a frame");
    assert_eq!(flags, 0x80);
    let trailers = String::from_utf8(trailers).expect("trailers are text");
    assert!(trailers.contains("grpc-status:"), "{trailers}");
    assert!(frames.iter().all(|(flags, _)| *flags == 0));
    if choice.json || !trailers.contains("grpc-status:0\r\n") {
        return;
    }
    let got = got.expect("there was a call");
    let sent: Vec<Bytes> = match choice.streams_out {
        true => got.to_vec(),
        false => vec![got.last().cloned().unwrap_or_default()],
    };
    let answered = frames.into_iter().map(|(_, message)| Bytes::from(message));
    assert_eq!(answered.collect::<Vec<_>>(), sent);
}

/// The envelopes of a body of ours.
fn envelopes(mut body: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut found = Vec::new();
    while !body.is_empty() {
        let (&[flags, a, b, c, d], rest) = body.split_first_chunk().expect("a whole prefix");
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let (message, behind) = rest.split_at(length);
        found.push((flags, message.to_vec()));
        body = behind;
    }
    found
}

/// An answer in base64, of which each frame is padded for itself.
fn untexted(text: &[u8]) -> Vec<u8> {
    let groups = text.chunks(4);
    let decoded = groups.map(|group| from_base64(group).expect("our own base64"));
    decoded.flatten().collect()
}

/// Two bytes that choose, then a request body, or the query of a GET: Connect hears the same messages as gRPC, wherever
/// the body is cut, and answers a stream with a last envelope.
pub fn connect_framing(input: &[u8]) {
    let Some((choice, body)) = Choice::take(input) else {
        return;
    };
    if choice.streams_in {
        let (got, answer) = connect(choice, body, choice.cut);
        assert_eq!((got.clone(), answer), connect(choice, body, LIMIT));
        let expected = expected(choice, body);
        if let Some(expected) = &expected {
            assert_eq!(got.as_ref(), expected.as_ref());
        }
        return;
    }
    if choice.path.ends_with("Fetch") {
        return connect_get(choice, body);
    }
    let (got, answer) = connect(choice, body, choice.cut);
    assert_eq!((got.clone(), answer), connect(choice, body, LIMIT));
    if !choice.compressed {
        let expected = decoded(choice, body).filter(|_| body.len() <= LIMIT);
        assert_eq!(got, expected.map(|message| vec![message]));
    }
}

fn connect(choice: Choice, body: &[u8], cut: usize) -> (Option<Vec<Bytes>>, Answer) {
    let (prefix, encoding) = match choice.streams_in {
        true => ("connect+", "connect-content-encoding"),
        false => ("", "content-encoding"),
    };
    let content_type = format!("application/{prefix}{}", choice.codec());
    let mut request = Request::post(choice.path)
        .version(choice.version)
        .header(header::CONTENT_TYPE, content_type);
    if choice.compressed {
        request = request.header(encoding, "gzip");
    }
    let request = request.body(pieces(body, cut)).expect("it is a request");
    let echo = Echo::default();
    let answer = answer(fixture().connect.serve(request, None, &echo));
    let got = echo.got();
    if choice.streams_in {
        let frames = envelopes(&answer.body);
        let (last, messages) = frames.split_last().expect("a stream has an end");
        assert_eq!(last.0, 2);
        let end: serde_json::Value = serde_json::from_slice(&last.1).expect("the end is JSON");
        assert!(end.is_object());
        assert!(messages.iter().all(|(flags, _)| *flags == 0));
    } else if got.is_none() {
        refused(&answer);
    }
    (got, answer)
}

/// The query as it is; and the rest as a message, which a GET brings like a POST does.
fn connect_get(choice: Choice, rest: &[u8]) {
    let get = |query: &[u8]| {
        let uri = [choice.path.as_bytes(), b"?connect=v1&", query].concat();
        let request = Request::get(uri).body(pieces(b"", 1)).ok()?;
        let echo = Echo::default();
        let answer = answer(fixture().connect.serve(request, None, &echo));
        let got = echo.got();
        if got.is_none() {
            refused(&answer);
        }
        Some((got, answer))
    };
    let _answered = get(rest);
    let letters = to_base64(rest).replace('+', "-").replace('/', "_");
    let letters = letters.trim_end_matches('=');
    let query = format!("base64=1&encoding={}&message={letters}", choice.codec());
    if let Some((got, _)) = get(query.as_bytes()) {
        let plain = Choice {
            compressed: false,
            ..choice
        };
        assert_eq!(got, connect(plain, rest, LIMIT).0);
    }
}

/// A request that reached no handler is the caller's fault, or asks for what there is not.
fn refused(answer: &Answer) {
    assert!(
        answer.status.is_client_error() || answer.status == http::StatusCode::NOT_IMPLEMENTED,
        "{answer:?}"
    );
}
