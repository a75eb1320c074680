//! REST requests: binding of path, query and body, and the elements of a client stream.

use http::{Method, Request, header};
use protoloop_wire::{Limits, check, json};
use serde::de::IgnoredAny;

use crate::{
    drive::{Answer, Echo, answer, pieces},
    fixture::{LIMIT, fixture},
};

const METHODS: [Method; 5] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::HEAD,
];

/// A letter for the method, a target, and behind a line's end a body: what is bound is well-formed, goes through JSON
/// unharmed, and nothing a caller sends is the server's fault.
pub fn rest_bind(input: &[u8]) {
    let fixture = fixture();
    let Some((&first, input)) = input.split_first() else {
        return;
    };
    let line = input.iter().position(|byte| *byte == b'\n');
    let line = line.unwrap_or(input.len());
    let body = input.get(line + 1..).unwrap_or_default();
    let request = Request::builder()
        .method(METHODS[usize::from(first) % METHODS.len()].clone())
        .uri(&input[..line])
        .header(header::CONTENT_TYPE, "application/json")
        .body(pieces(body, LIMIT));
    let Ok(request) = request else { return };
    let echo = Echo::default();
    let answer = answer(fixture.rest.serve(request, None, &echo));
    let mut shown = true;
    for message in echo.got().unwrap_or_default() {
        let [id, _] = fixture.messages;
        check(&fixture.tables, id, &message, &Limits::default())
            .expect("what is bound is well-formed");
        shown = round_trip(&message);
    }
    if shown {
        assert!(!answer.status.is_server_error(), "{answer:?}");
    }
}

/// Whether a message has a JSON form, which then reads back as the same message.
pub(crate) fn round_trip(message: &[u8]) -> bool {
    let fixture = fixture();
    let [id, _] = fixture.messages;
    let mut text = Vec::new();
    let options = json::EncodeOptions::default();
    if json::encode(&fixture.tables, id, message, &options, &mut text).is_err() {
        return false;
    }
    let options = json::DecodeOptions::default();
    let back = json::decode(&fixture.tables, id, &text, &options).expect("our own JSON is read");
    let canonical = |bytes: &[u8]| {
        let bytes = protoloop_wire::canonicalize(&fixture.tables, id, bytes);
        bytes.expect("it is well-formed").into_owned()
    };
    assert_eq!(canonical(&back), canonical(message));
    true
}

/// A byte for the size of pieces, whose lowest bit says that lines come, and the body of a client stream: its messages
/// are those that a whole JSON reader finds, wherever it is cut.
pub fn elements(input: &[u8]) {
    let Some((&first, body)) = input.split_first() else {
        return;
    };
    let lines = first & 1 == 1;
    let (got, answer) = send(body, lines, usize::from(first >> 1) + 1);
    let (again, whole) = send(body, lines, body.len());
    assert_eq!(got, again);
    assert_eq!((answer.status, &answer.body), (whole.status, &whole.body));
    assert!(!answer.status.is_server_error(), "{answer:?}");
    let expected = match lines {
        true => Some(by_lines(body)),
        false => by_reader(body),
    };
    let expected = expected.and_then(|texts| texts.into_iter().map(decoded).collect());
    assert_eq!(got, expected);
}

fn send(body: &[u8], lines: bool, cut: usize) -> (Option<Vec<Vec<u8>>>, Answer) {
    let fixture = fixture();
    let content_type = match lines {
        true => "application/x-ndjson",
        false => "application/json",
    };
    let request = Request::post("/v1/send")
        .header(header::CONTENT_TYPE, content_type)
        .body(pieces(body, cut))
        .expect("it is a request");
    let echo = Echo::default();
    let answer = answer(fixture.rest.serve(request, None, &echo));
    let [id, _] = fixture.messages;
    let canonical = |bytes: bytes::Bytes| {
        let bytes = protoloop_wire::canonicalize_bytes(&fixture.tables, id, bytes);
        bytes.expect("it is well-formed").to_vec()
    };
    let got = echo.got();
    (
        got.map(|all| all.into_iter().map(canonical).collect()),
        answer,
    )
}

/// The message of an element, as the handler is to see it.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let fixture = fixture();
    let [id, _] = fixture.messages;
    if text.len() > LIMIT {
        return None;
    }
    let options = json::DecodeOptions::default();
    let wire = json::decode(&fixture.tables, id, text, &options).ok()?;
    let canonical = protoloop_wire::canonicalize(&fixture.tables, id, &wire);
    Some(canonical.expect("it is well-formed").into_owned())
}

fn by_lines(body: &[u8]) -> Vec<&[u8]> {
    let lines = body.split(|byte| *byte == b'\n');
    lines.filter(|line| !line.trim_ascii().is_empty()).collect()
}

/// The elements of an array, each cut off by a reader of JSON. `None` for what is no array.
fn by_reader(body: &[u8]) -> Option<Vec<&[u8]>> {
    let ends = |behind: &[u8]| blank(behind).is_empty();
    let mut rest = blank(body).strip_prefix(b"[")?;
    let mut found = Vec::new();
    loop {
        rest = blank(rest);
        if found.is_empty()
            && let Some(behind) = rest.strip_prefix(b"]")
        {
            return ends(behind).then_some(found);
        }
        let mut reader = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
        reader.next()?.ok()?;
        let (element, behind) = rest.split_at(reader.byte_offset());
        found.push(element);
        match blank(behind).split_first()? {
            (b',', behind) => rest = behind,
            (b']', behind) => return ends(behind).then_some(found),
            _ => return None,
        }
    }
}

/// A text behind JSON's white space.
fn blank(text: &[u8]) -> &[u8] {
    let at = text.iter().position(|byte| !b" \t\n\r".contains(byte));
    &text[at.unwrap_or(text.len())..]
}
