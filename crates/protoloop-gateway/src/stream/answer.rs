//! The messages of a reply as frames of a body.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use futures_core::Stream;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use protoloop_core::{BoxFuture, Detail, Error, Reply, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, View, json, status};

use super::{KeepAlive, Source, StreamKind};
use crate::{Body, HeaderRule, headers, respond::Form};

/// How a stream is written.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// `None` for the content of `google.api.HttpBody`, as it is.
    pub(crate) kind: Option<StreamKind>,
    pub(crate) form: Form,
    pub(crate) encode: json::EncodeOptions,
    /// How the error stands in a last element or event.
    pub(crate) error: status::Shape,
    /// Response type, and the number of its string field `resume_token`.
    pub(crate) token: Option<(MessageId, u32)>,
    pub(crate) keep_alive: Option<KeepAlive>,
    /// Which metadata becomes headers.
    pub(crate) headers: HeaderRule,
}

/// The answer to a call of a server-streaming method. It waits for the first message, so that an error before it is an
/// answer of its own; but a stream of events waits for a short time only.
///
/// # Errors
/// What the handler fails with before the first message.
pub(crate) async fn answer(
    tables: &Arc<Tables>,
    shape: Shape,
    call: BoxFuture<'static, Result<Reply>>,
) -> Result<Response<Body>> {
    let mut source = Source::new(call);
    let first = source.first(shape.patience()).await;
    let mut frames = Frames {
        tables: Arc::clone(tables),
        content_type: None,
        waiting: None,
        error: None,
        state: State::Begin,
        queued: None,
        source,
        shape,
    };
    match first {
        None => {}
        Some(Some(Ok(message))) => {
            let frame = frames.message(&message)?;
            frames.queued = Some(frame);
        }
        Some(Some(Err(error))) => return Err(error),
        Some(None) => frames.state = State::Empty,
    }
    let content_type = match frames.shape.kind {
        Some(kind) => kind.content_type(),
        None => frames.content_type.take().unwrap_or(OCTETS),
    };
    let mut response = Response::new(Body::Empty);
    let out = response.headers_mut();
    for mut metadata in frames.source.metadata() {
        frames.shape.headers.apply(&mut metadata);
        headers::from_metadata(metadata, out);
    }
    head(out, content_type, frames.shape.kind);
    *response.body_mut() = Body::Stream(Box::pin(frames));
    Ok(response)
}

impl Shape {
    /// How long the head waits for the first message; for ever without.
    fn patience(&self) -> Option<BoxFuture<'static, ()>> {
        // Of events the caller learns that an error is one. Whoever reads an array or lines looks at the status.
        let events = self.kind == Some(StreamKind::Events);
        let keep_alive = self.keep_alive.as_ref().filter(|_| events);
        keep_alive.map(KeepAlive::patience)
    }
}

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

fn head(out: &mut HeaderMap, content_type: HeaderValue, kind: Option<StreamKind>) {
    out.insert(header::CONTENT_TYPE, content_type);
    if kind.is_some() {
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        out.append(header::VARY, HeaderValue::from_static("accept"));
        // nginx and others hold a body back unless told not to.
        let name = HeaderName::from_static("x-accel-buffering");
        out.insert(name, HeaderValue::from_static("no"));
    }
}

/// How far the answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No message was written.
    Begin,
    /// There is none.
    Empty,
    /// Messages were written.
    Within,
    /// The error was told where it can be; the connection breaks off.
    Broken,
    Over,
}

struct Frames {
    source: Source,
    tables: Arc<Tables>,
    shape: Shape,
    state: State,
    /// The first message, which was made before the head.
    queued: Option<Bytes>,
    /// Of the first `HttpBody`.
    content_type: Option<HeaderValue>,
    /// Until the next sign of life.
    waiting: Option<BoxFuture<'static, ()>>,
    /// What the connection breaks off for, where the caller cannot be told.
    error: Option<Error>,
}

impl Frames {
    /// The frame of a message.
    fn message(&mut self, message: &Bytes) -> Result<Bytes> {
        let (content_type, content) =
            self.shape
                .form
                .content(&self.tables, message, &self.shape.encode)?;
        let first = self.state == State::Begin;
        self.state = State::Within;
        let Some(kind) = self.shape.kind else {
            // Later content types are not looked at: the head is gone.
            self.content_type.get_or_insert(content_type);
            return Ok(content);
        };
        let mut out = BytesMut::with_capacity(content.len() + 16);
        match kind {
            StreamKind::Array => {
                out.put_slice(if first { b"[" } else { b"," });
                out.put_slice(&content);
            }
            StreamKind::Lines => {
                out.put_slice(&content);
                out.put_u8(b'\n');
            }
            StreamKind::Events => {
                if let Some((id, number)) = self.shape.token {
                    let token = View::new(&self.tables, id, message).string(number);
                    // A line break would end the field.
                    if !token.is_empty() && !token.contains(['\n', '\r', '\0']) {
                        out.put_slice(b"id: ");
                        out.put_slice(token.as_bytes());
                        out.put_u8(b'\n');
                    }
                }
                event(&mut out, None, &content);
            }
        }
        Ok(out.freeze())
    }

    /// What comes behind the last message; `None` where nothing has to.
    fn end(&mut self) -> Option<Bytes> {
        let empty = self.state == State::Empty;
        self.state = State::Over;
        match self.shape.kind? {
            StreamKind::Array if empty => Some(Bytes::from_static(b"[]")),
            StreamKind::Array => Some(Bytes::from_static(b"]")),
            StreamKind::Lines => None,
            StreamKind::Events => Some(Bytes::from_static(b"event: end\ndata: {}\n\n")),
        }
    }

    /// An error that nobody can take for a success: it is told, where the form has a way to, and the body does not end as
    /// it should.
    fn fail(&mut self, error: Error) -> Option<Bytes> {
        let status = error.code().http_status();
        let told = status::to_json(&self.tables, &error, status, self.shape.error);
        let first = self.state == State::Begin;
        self.state = State::Broken;
        let mut out = BytesMut::with_capacity(told.len() + 16);
        match self.shape.kind {
            None => {
                self.error = Some(error);
                return None;
            }
            Some(StreamKind::Array) => {
                out.put_u8(if first { b'[' } else { b',' });
                out.put_slice(&told);
            }
            Some(StreamKind::Lines) => {
                out.put_slice(&told);
                out.put_u8(b'\n');
            }
            Some(StreamKind::Events) => {
                // How long an `EventSource` waits before it comes again.
                if let Some(delay) = retry_delay(&error) {
                    out.put_slice(format!("retry: {}\n", delay.as_millis()).as_bytes());
                }
                event(&mut out, Some("error"), &told);
                // The event itself is the end; the caller closes on it.
                self.state = State::Over;
            }
        }
        Some(out.freeze())
    }

    /// What breaks the body off. It is the transport's to send what came before.
    fn breaks(&mut self) -> Error {
        self.state = State::Over;
        let told = || Error::internal_error("the stream failed; its caller was told");
        self.error.take().unwrap_or_else(told)
    }

    fn poll_keep_alive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        // Only events have comments; within any other form the caller would read rubbish.
        let (Some(StreamKind::Events), Some(keep_alive)) =
            (self.shape.kind, &self.shape.keep_alive)
        else {
            return Poll::Pending;
        };
        let waiting = self.waiting.get_or_insert_with(|| keep_alive.wait());
        match waiting.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                // The next wait begins, and registers, when the caller asks for more.
                self.waiting = None;
                Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))))
            }
        }
    }
}

fn retry_delay(error: &Error) -> Option<Duration> {
    error.details().iter().find_map(|detail| match detail {
        Detail::RetryInfo { retry_delay } => Some(*retry_delay),
        _ => None,
    })
}

/// One event; the data may have several lines.
fn event(out: &mut BytesMut, name: Option<&str>, data: &[u8]) {
    if let Some(name) = name {
        out.put_slice(b"event: ");
        out.put_slice(name.as_bytes());
        out.put_u8(b'\n');
    }
    for line in data.split(|byte| *byte == b'\n') {
        out.put_slice(b"data: ");
        out.put_slice(line);
        out.put_u8(b'\n');
    }
    out.put_u8(b'\n');
}

impl Stream for Frames {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(queued) = self.queued.take() {
            return Poll::Ready(Some(Ok(queued)));
        }
        match self.state {
            State::Empty => return Poll::Ready(self.end().map(Ok)),
            State::Over => return Poll::Ready(None),
            State::Broken => return Poll::Ready(Some(Err(self.breaks()))),
            State::Begin | State::Within => {}
        }
        match self.source.poll_next(cx) {
            Poll::Pending => self.poll_keep_alive(cx),
            Poll::Ready(next) => {
                self.waiting = None;
                let frame = match next {
                    None => return Poll::Ready(self.end().map(Ok)),
                    Some(Ok(message)) => self.message(&message),
                    Some(Err(error)) => Err(error),
                };
                let frame = frame.or_else(|error| self.fail(error).ok_or(()));
                match frame {
                    Ok(frame) => Poll::Ready(Some(Ok(frame))),
                    Err(()) => Poll::Ready(Some(Err(self.breaks()))),
                }
            }
        }
    }
}
