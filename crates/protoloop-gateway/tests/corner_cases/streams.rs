//! Rows 41 and 42: streams of any content, and streams that fail.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use protoloop_core::{BoxFuture, Call, Error, Handler, Inbound, Reply, Result};
use protoloop_wire::Writer;

use crate::support::*;

/// A message with these bytes fields.
fn message(fields: &[(u32, &[u8])]) -> Bytes {
    let mut writer = Writer::new();
    for (number, value) in fields {
        writer.bytes(*number, value);
    }
    writer.finish().into()
}

/// Status, content type, body, and whether it ended as it should.
type Read = (u16, String, String, bool);

/// What a caller reads of these messages.
fn read(target: &str, accept: &str, messages: Vec<Result<Bytes>>) -> Read {
    let echo = Echo::telling(Ok(Reply::stream(Box::pin(stream::iter(messages)))));
    let request = Request::get(target)
        .header("accept", accept)
        .body(Full::<Bytes>::default())
        .unwrap();
    let serving = things().serve(request, None, &echo);
    let (head, mut body) = serving.now_or_never().expect("nothing waits").into_parts();
    let (mut text, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().now_or_never().expect("nothing waits") {
        match frame {
            Ok(frame) => text.extend_from_slice(&frame.into_data().expect("data")),
            Err(_) => whole = false,
        }
    }
    let kind = head.headers["content-type"].to_str().unwrap().to_owned();
    let text = String::from_utf8_lossy(&text).into_owned();
    (head.status.as_u16(), kind, text, whole)
}

/// Keeps the messages of a client stream.
#[derive(Clone, Default)]
struct Keep(std::sync::Arc<std::sync::Mutex<Vec<Bytes>>>);

impl Handler for Keep {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let Inbound::Stream(mut messages) = call.messages else {
                return Err(Error::internal_error("one message where a stream was due"));
            };
            while let Some(message) = messages.next().await.transpose()? {
                self.0.lock().unwrap().push(message);
            }
            Ok(Reply::unary(Bytes::new()))
        })
    }
}

#[test]
fn case_41_the_first_message_of_an_upload_has_type_path_and_query() {
    let pieces = ["ab", "cd"].map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from(piece))));
    let request = Request::put("/put/cat")
        .header("content-type", "image/png")
        .body(StreamBody::new(stream::iter(pieces)))
        .unwrap();
    let keep = Keep::default();
    let serving = things().serve(request, None, &keep);
    assert_eq!(serving.now_or_never().unwrap().status(), 200);
    let first = message(&[(1, b"image/png"), (2, b"ab")]);
    let second = message(&[(2, b"cd")]);
    let expected = [
        message(&[(1, b"cat"), (2, &first)]),
        message(&[(2, &second)]),
    ];
    assert_eq!(*keep.0.lock().unwrap(), expected);
}

#[test]
fn case_41_the_first_message_of_a_download_has_the_type() {
    let part = |kind: &str, data: &str| Ok(message(&[(1, kind.as_bytes()), (2, data.as_bytes())]));
    let parts = || vec![part("text/csv", "a,b\n"), part("ignored/later", "c,d\n")];
    let expected = |text: &str, whole| (200, "text/csv".to_owned(), text.to_owned(), whole);
    assert_eq!(
        read("/stream", "*/*", parts()),
        expected("a,b\nc,d\n", true)
    );
    // An error is no clean end.
    let mut broken = parts();
    broken[1] = Err(Error::data_loss("gone"));
    assert_eq!(read("/stream", "*/*", broken), expected("a,b\n", false));
}

#[test]
fn case_42_a_stream_that_fails_is_never_taken_for_a_whole_one() {
    let one = || Ok(message(&[(1, b"a")]));
    let gone = || Err(Error::unavailable("gone"));
    let told = r#"{"error":{"code":503,"message":"gone","status":"UNAVAILABLE"}}"#;
    let forms = [
        (
            "application/json",
            format!(r#"[{{"text":"a"}},{told}"#),
            false,
            "[]",
        ),
        (
            "application/x-ndjson",
            format!("{{\"text\":\"a\"}}\n{told}\n"),
            false,
            "",
        ),
        (
            "text/event-stream",
            format!("data: {{\"text\":\"a\"}}\n\nevent: error\ndata: {told}\n\n"),
            // The event itself says that this is the end.
            true,
            "event: end\ndata: {}\n\n",
        ),
    ];
    for (form, late, whole, empty) in forms {
        let is = |text: &str, whole| (200, form.to_owned(), text.to_owned(), whole);
        assert_eq!(
            read("/follow", form, vec![one(), gone(), one()]),
            is(&late, whole)
        );
        assert_eq!(read("/follow", form, vec![]), is(empty, true));
        // Nothing was sent yet, so the status is the error's.
        let (status, kind, text, _) = read("/follow", form, vec![gone()]);
        assert_eq!((status, &*kind, &*text), (503, "application/json", told));
    }
}
