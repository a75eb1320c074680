//! Answers: the messages of a reply, and the status behind them.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use protoloop_core::{Error, LateTrailers, Outbound, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, json::to_base64};

use super::{ACCEPT, GrpcKind, status};
use crate::{
    Body,
    compression::Encoding,
    rpc::{
        RpcOptions,
        codec::Codec,
        compress,
        envelope::{COMPRESSED, Envelope},
    },
};

/// Flag of gRPC-Web's last message, which holds the trailers.
const TRAILERS: u8 = 0x80;

/// 415, without a gRPC status, as the protocol wants it.
pub(super) fn unsupported() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    response
}

/// 405: gRPC is POST.
pub(super) fn method_not_allowed() -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    let post = HeaderValue::from_static("POST");
    response.headers_mut().insert(header::ALLOW, post);
    response
}

/// What every answer's head has.
pub(super) fn head(out: &mut HeaderMap, content_type: Option<HeaderValue>) {
    if let Some(content_type) = content_type {
        out.insert(header::CONTENT_TYPE, content_type);
    }
}

/// An error without any message: the status stands in the head, for gRPC-Web in the only message.
pub(super) fn failed(
    kind: GrpcKind,
    content_type: Option<HeaderValue>,
    error: &Error,
) -> Response<Body> {
    let trailers = status::of(error, HeaderMap::new());
    let mut response = Response::new(Body::Empty);
    head(response.headers_mut(), content_type);
    let accepted = HeaderValue::from_static(Encoding::NAMES);
    response.headers_mut().insert(ACCEPT, accepted);
    if kind == GrpcKind::Native {
        response.headers_mut().extend(trailers);
    } else {
        *response.body_mut() = Body::Full(web_trailers(kind, &trailers));
        // Of which the head says nothing.
        response.extensions_mut().insert(error.code());
    }
    response
}

fn web_trailers(kind: GrpcKind, trailers: &HeaderMap) -> Bytes {
    let last = Envelope {
        flags: TRAILERS,
        message: status::lines(trailers).into(),
    };
    as_text(kind, last.encode())
}

fn as_text(kind: GrpcKind, bytes: Bytes) -> Bytes {
    match kind {
        GrpcKind::WebText => to_base64(&bytes).into(),
        GrpcKind::Native | GrpcKind::Web => bytes,
    }
}

/// How messages are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) kind: GrpcKind,
    pub(super) codec: Codec,
    pub(super) encoding: Option<Encoding>,
    pub(super) output: Option<MessageId>,
}

/// What is left to be sent.
enum Rest {
    Messages(Outbound),
    Status,
    Over,
}

/// The frames of an answer's body.
pub(super) struct Frames {
    style: Style,
    tables: Arc<Tables>,
    options: Arc<RpcOptions>,
    rest: Rest,
    trailers: HeaderMap,
    late: Option<LateTrailers>,
}

impl Frames {
    pub(super) fn new(
        style: Style,
        tables: &Arc<Tables>,
        options: &Arc<RpcOptions>,
        messages: Outbound,
        trailers: HeaderMap,
        late: Option<LateTrailers>,
    ) -> Self {
        Self {
            style,
            tables: Arc::clone(tables),
            options: Arc::clone(options),
            rest: Rest::Messages(messages),
            trailers,
            late,
        }
    }

    /// As a body; a single message needs no stream.
    pub(super) fn into_body(mut self) -> Body {
        if !matches!(self.rest, Rest::Messages(Outbound::One(_))) {
            return Body::Frames(Box::pin(self));
        }
        let Rest::Messages(Outbound::One(message)) = std::mem::replace(&mut self.rest, Rest::Over)
        else {
            return Body::Empty;
        };
        match self.message(message) {
            Ok(message) => {
                let trailers = self.success();
                match self.style.kind {
                    GrpcKind::Native => Body::WithTrailers(message, trailers),
                    kind => {
                        let tail = web_trailers(kind, &trailers);
                        Body::Full([message, tail].concat().into())
                    }
                }
            }
            Err(error) => {
                let trailers = self.failure(&error);
                match self.style.kind {
                    GrpcKind::Native => Body::WithTrailers(Bytes::new(), trailers),
                    kind => Body::Full(web_trailers(kind, &trailers)),
                }
            }
        }
    }

    fn message(&self, message: Bytes) -> Result<Bytes> {
        let Style {
            kind,
            codec,
            encoding,
            output,
        } = self.style;
        let message = codec.encode(&self.tables, output, message, &self.options)?;
        let envelope = match encoding.filter(|_| !message.is_empty()) {
            None => Envelope { flags: 0, message },
            Some(encoding) => Envelope {
                flags: COMPRESSED,
                message: compress::compress(encoding, &message)?,
            },
        };
        Ok(as_text(kind, envelope.encode()))
    }

    fn success(&mut self) -> HeaderMap {
        let mut trailers = std::mem::take(&mut self.trailers);
        if let Some(late) = self.late.as_ref().and_then(|late| late.get()) {
            trailers.extend(late.clone());
        }
        status::ok(trailers)
    }

    fn failure(&mut self, error: &Error) -> HeaderMap {
        status::of(error, std::mem::take(&mut self.trailers))
    }

    fn last(&mut self, trailers: HeaderMap) -> Frame<Bytes> {
        self.rest = Rest::Over;
        match self.style.kind {
            GrpcKind::Native => Frame::trailers(trailers),
            kind => Frame::data(web_trailers(kind, &trailers)),
        }
    }
}

impl Stream for Frames {
    type Item = Result<Frame<Bytes>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match std::mem::replace(&mut self.rest, Rest::Status) {
            Rest::Messages(Outbound::One(message)) => Ok(Some(message)),
            Rest::Messages(Outbound::Stream(mut messages)) => {
                let next = messages.as_mut().poll_next(cx);
                match next {
                    Poll::Pending => {
                        self.rest = Rest::Messages(Outbound::Stream(messages));
                        return Poll::Pending;
                    }
                    Poll::Ready(Some(Ok(message))) => {
                        self.rest = Rest::Messages(Outbound::Stream(messages));
                        Ok(Some(message))
                    }
                    Poll::Ready(Some(Err(error))) => Err(error),
                    Poll::Ready(None) => Ok(None),
                }
            }
            Rest::Status => Ok(None),
            Rest::Over => {
                self.rest = Rest::Over;
                return Poll::Ready(None);
            }
        };
        let next =
            next.and_then(|message| message.map(|message| self.message(message)).transpose());
        let frame = match next {
            Ok(Some(message)) => Frame::data(message),
            Ok(None) => {
                let trailers = self.success();
                self.last(trailers)
            }
            Err(error) => {
                let trailers = self.failure(&error);
                self.last(trailers)
            }
        };
        Poll::Ready(Some(Ok(frame)))
    }
}
