//! Server streams.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use protoloop_wire::Writer;

use super::*;
use crate::KeepAlive;

fn text(number: u32, text: &str) -> Result<Bytes> {
    let mut message = Writer::new();
    message.string(number, text);
    Ok(message.finish().into())
}

fn event(text: &str, token: &str) -> Result<Bytes> {
    let mut message = Writer::new();
    message.string(1, text);
    message.string(2, token);
    Ok(message.finish().into())
}

/// What a caller reads: the head, the body, and whether it ended as it should.
fn read(gateway: &RestGateway, request_text: &str, messages: Vec<Result<Bytes>>) -> (Answer, bool) {
    let echo = Echo::default();
    *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(stream::iter(messages)))));
    let serving = gateway.serve(request(request_text), None, &echo);
    let (head, mut body) = serving.now_or_never().expect("nothing waits").into_parts();
    let (mut bytes, mut whole) = (Vec::new(), true);
    while let Some(frame) = body.frame().now_or_never().expect("nothing waits") {
        match frame {
            Ok(frame) => bytes.extend_from_slice(&frame.into_data().expect("data")),
            Err(_) => whole = false,
        }
    }
    let answer = Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8_lossy(&bytes).into_owned(),
        bytes: bytes.into(),
    };
    (answer, whole)
}

fn follow(accept: &str, messages: Vec<Result<Bytes>>) -> (String, String, bool) {
    let (answer, whole) = read(
        things(),
        &format!("GET /follow\naccept: {accept}"),
        messages,
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.header("content-type").to_owned(), answer.body, whole)
}

#[test]
fn a_stream_has_the_form_that_the_caller_takes() {
    let messages = || vec![text(1, "a"), event("b\n", "t2")];
    let cases = [
        (
            "*/*",
            "application/json",
            "[{\"text\":\"a\"},{\"text\":\"b\\n\",\"resumeToken\":\"t2\"}]",
        ),
        (
            "application/x-ndjson",
            "application/x-ndjson",
            "{\"text\":\"a\"}\n{\"text\":\"b\\n\",\"resumeToken\":\"t2\"}\n",
        ),
        (
            "text/event-stream",
            "text/event-stream",
            "data: {\"text\":\"a\"}\n\nid: t2\ndata: {\"text\":\"b\\n\",\"resumeToken\":\"t2\"}\n\nevent: end\ndata: {}\n\n",
        ),
    ];
    for (accept, kind, body) in cases {
        let expected = (kind.to_owned(), body.to_owned(), true);
        assert_eq!(follow(accept, messages()), expected);
    }
    let (answer, _) = read(things(), "GET /follow\naccept: text/html", messages());
    assert_eq!(answer.status, 406);
}

#[test]
fn case_42_an_empty_stream_is_an_empty_array() {
    assert_eq!(follow("*/*", Vec::new()).1, "[]");
    assert_eq!(follow("application/jsonl", Vec::new()).1, "");
    assert_eq!(
        follow("text/event-stream", Vec::new()).1,
        "event: end\ndata: {}\n\n"
    );
}

#[test]
fn case_42_an_early_error_has_its_own_status() {
    for accept in ["*/*", "application/x-ndjson", "text/event-stream"] {
        let messages = vec![Err(Error::not_found("there is no such thing"))];
        let (answer, whole) = read(
            things(),
            &format!("GET /follow\naccept: {accept}"),
            messages,
        );
        assert_eq!(answer.line(), "404 there is no such thing");
        assert!(whole);
    }
}

#[test]
fn case_42_a_late_error_cannot_be_taken_for_success() {
    let told = r#"{"error":{"code":503,"message":"gone","status":"UNAVAILABLE"}}"#;
    let messages = || {
        vec![
            text(1, "a"),
            Err(Error::unavailable("gone")),
            text(1, "never"),
        ]
    };
    let (_, body, whole) = follow("*/*", messages());
    assert_eq!(
        (body, whole),
        (format!("[{{\"text\":\"a\"}},{told}"), false)
    );
    let (_, body, whole) = follow("application/x-ndjson", messages());
    assert_eq!(
        (body, whole),
        (format!("{{\"text\":\"a\"}}\n{told}\n"), false)
    );
    let (_, body, whole) = follow("text/event-stream", messages());
    let expected = format!("data: {{\"text\":\"a\"}}\n\nevent: error\ndata: {told}\n\n");
    assert_eq!((body, whole), (expected, true));
}

#[test]
fn the_last_event_id_is_where_the_stream_goes_on() {
    let resumed = |text: &str| {
        let echo = Echo::default();
        let empty = stream::empty();
        *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(empty))));
        let answer = send_to(things(), &echo, text);
        let request = echo.request.lock().unwrap().take();
        (answer.status, request.map(|(_, message)| message))
    };
    let token = text(1, "t7").unwrap();
    let found = resumed("GET /follow\naccept: text/event-stream\nlast-event-id: t7");
    assert_eq!(found, (200, Some(token.clone())));
    assert_eq!(resumed("GET /follow?resumeToken=t7"), (200, Some(token)));
    let contradiction = resumed("GET /follow?resumeToken=t6\nlast-event-id: t7");
    assert_eq!(contradiction.0, 400);
}

#[test]
fn case_41_the_first_body_of_a_stream_says_its_type() {
    let part = |kind: &str, data: &str| {
        let mut message = Writer::new();
        message.string(1, kind);
        message.bytes(2, data.as_bytes());
        Ok(Bytes::from(message.finish()))
    };
    let messages = vec![part("text/csv", "a,b\n"), part("ignored/later", "c,d\n")];
    let (answer, whole) = read(things(), "GET /stream\naccept: text/csv", messages);
    assert_eq!(answer.header("content-type"), "text/csv");
    assert_eq!((answer.body.as_str(), whole), ("a,b\nc,d\n", true));
    let broken = vec![part("text/csv", "a,b\n"), Err(Error::data_loss("gone"))];
    let (answer, whole) = read(things(), "GET /stream", broken);
    assert_eq!((answer.body.as_str(), whole), ("a,b\n", false));
}

#[test]
fn a_silent_stream_gives_signs_of_life() {
    let gateway = things_with(|options| {
        let at_once = |_| Box::pin(std::future::ready(())) as BoxFuture<'static, ()>;
        options.keep_alive = Some(KeepAlive::new(Duration::from_secs(15), at_once));
    });
    let echo = Echo::default();
    let messages = stream::iter([text(1, "a")]).chain(stream::pending());
    *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(messages))));
    let serving = gateway.serve(
        request("GET /follow\naccept: text/event-stream"),
        None,
        &echo,
    );
    let mut body = serving.now_or_never().expect("nothing waits").into_body();
    let mut next = || {
        body.frame()
            .now_or_never()
            .expect("ready")
            .unwrap()
            .unwrap()
            .into_data()
    };
    assert_eq!(next().unwrap(), "data: {\"text\":\"a\"}\n\n");
    assert_eq!(next().unwrap(), ":\n\n");
    assert_eq!(next().unwrap(), ":\n\n");
}

/// A comment is a thing of events alone: within an array, lines or raw content it would be rubbish.
#[test]
fn only_events_have_signs_of_life() {
    let gateway = things_with(|options| {
        let at_once = |_| Box::pin(std::future::ready(())) as BoxFuture<'static, ()>;
        options.keep_alive = Some(KeepAlive::new(Duration::from_secs(15), at_once));
    });
    for head in [
        "GET /follow\naccept: application/json",
        "GET /follow\naccept: application/x-ndjson",
        "GET /stream",
    ] {
        let echo = Echo::default();
        let messages = stream::iter([text(1, "a")]).chain(stream::pending());
        *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(messages))));
        let serving = gateway.serve(request(head), None, &echo);
        let mut body = serving.now_or_never().expect("nothing waits").into_body();
        assert!(body.frame().now_or_never().is_some(), "{head}");
        assert!(body.frame().now_or_never().is_none(), "{head}");
    }
}

/// Tells when it is dropped.
struct Watched(Arc<Mutex<bool>>);

impl futures_util::Stream for Watched {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(Some(text(1, "again")))
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = true;
    }
}

#[test]
fn a_caller_that_goes_takes_the_stream_with_it() {
    let dropped = Arc::new(Mutex::new(false));
    let echo = Echo::default();
    let messages = Watched(Arc::clone(&dropped));
    *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(messages))));
    let serving = things().serve(request("GET /follow"), None, &echo);
    let response = serving.now_or_never().expect("nothing waits");
    assert!(!*dropped.lock().unwrap());
    drop(response);
    assert!(*dropped.lock().unwrap());
}

#[test]
fn the_head_of_events_does_not_wait_for_a_message_for_long() {
    let gateway = things_with(|options| {
        let at_once = |_| Box::pin(std::future::ready(())) as BoxFuture<'static, ()>;
        options.keep_alive = Some(KeepAlive::new(Duration::from_secs(15), at_once));
    });
    /// Does not even answer.
    #[derive(Clone)]
    struct Silent;
    impl Handler for Silent {
        fn call(&self, _: Call) -> BoxFuture<'_, Result<Reply>> {
            Box::pin(std::future::pending())
        }
    }
    let events = request("GET /follow\naccept: text/event-stream");
    let response = gateway.serve(events, None, &Silent).now_or_never();
    let mut body = response.expect("not for long").into_body();
    let comment = body.frame().now_or_never().expect("ready").unwrap();
    assert_eq!(comment.unwrap().into_data().unwrap(), ":\n\n");
    // The status of an array, or of lines, is what their readers look at.
    for accept in ["application/json", "application/x-ndjson"] {
        let waits = request(&format!("GET /follow\naccept: {accept}"));
        assert!(
            gateway.serve(waits, None, &Silent).now_or_never().is_none(),
            "{accept}"
        );
    }
}

#[test]
fn an_error_says_when_to_come_again() {
    let error = Error::unavailable("gone").with_detail(protoloop_core::Detail::RetryInfo {
        retry_delay: Duration::from_millis(2500),
    });
    let (_, body, _) = follow("text/event-stream", vec![text(1, "a"), Err(error)]);
    let (_, error) = body.split_once("\n\n").expect("two events");
    assert!(error.starts_with("retry: 2500\nevent: error\n"), "{body}");
}

#[test]
fn head_of_a_stream_says_no_length() {
    let echo = Echo::default();
    let messages = stream::iter([text(1, "a")]);
    *echo.answer.lock().unwrap() = Some(Ok(Reply::stream(Box::pin(messages))));
    let serving = things().serve(request("HEAD /follow"), None, &echo);
    let response = serving.now_or_never().expect("nothing waits");
    assert_eq!(response.headers().get("content-length"), None);
    let body = response.into_body();
    assert_eq!(http_body::Body::size_hint(&body).exact(), None);
    let body = body.collect().now_or_never().expect("nothing waits");
    assert!(body.unwrap().to_bytes().is_empty());
}
