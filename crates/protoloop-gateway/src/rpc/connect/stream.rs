//! Streams: enveloped messages both ways, and the outcome in a last envelope.

use std::{
    borrow::Cow,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Response, Version, header, request::Parts};
use http_body::Body as HttpBody;
use protoloop_core::{Call, Error, LateTrailers, MessageStream, Outbound, Reply, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, status};

use super::{Caller, Codec, RpcOptions, STREAM, head};
use crate::{
    Body,
    body::{drain, waits_to_send},
    compression::Encoding,
    headers,
    rpc::{
        compress,
        envelope::{COMPRESSED, Envelope},
        requests::{Form, Requests},
    },
};

/// Flag of the envelope that ends a stream.
const END: u8 = 2;

impl Caller<'_> {
    pub(super) async fn stream<B>(self, head: Parts, body: B, codec: Codec) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let gateway = self.gateway;
        let accepted = gateway
            .options
            .compress
            .then(|| compress::accepted(&head.headers, &head::STREAM_ACCEPT))
            .flatten();
        let mut ending = Ending {
            tables: Arc::clone(&gateway.tables),
            trailers: HeaderMap::new(),
            late: None,
        };
        let outcome = self.reply(head, body, codec).await;
        let (metadata, messages) = match outcome {
            Ok(reply) => {
                ending.trailers = reply.trailers.into();
                ending.late = reply.late_trailers;
                let messages = match reply.messages {
                    Outbound::One(message) => Messages::One(message),
                    Outbound::Stream(messages) => Messages::Stream(messages),
                };
                (reply.metadata.into(), messages)
            }
            Err(error) => (HeaderMap::new(), Messages::Failed(error)),
        };
        let frames = Frames {
            messages,
            ending,
            codec,
            output: self.entry.output(),
            options: Arc::clone(&gateway.options),
            encoding: accepted,
        };
        let mut response = Response::new(Body::Stream(Box::pin(frames)));
        let out = response.headers_mut();
        headers::from_metadata(metadata, out);
        let content_type = format!("{STREAM}{}", codec.name());
        out.insert(header::CONTENT_TYPE, headers::value_of(&content_type));
        if let Some(encoding) = accepted {
            let name = HeaderValue::from_static(encoding.name());
            out.insert(head::STREAM_ENCODING, name);
        }
        let known = HeaderValue::from_static(Encoding::NAMES);
        out.insert(head::STREAM_ACCEPT, known);
        response
    }

    async fn reply<B>(self, head: Parts, body: B, codec: Codec) -> Result<Reply>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let gateway = self.gateway;
        let encoding = match compress::of_request(&head.headers, &head::STREAM_ENCODING) {
            Ok(encoding) => encoding,
            Err(error) => {
                drain(waits_to_send(&head.headers), body).await;
                return Err(error);
            }
        };
        let whole = head.version < Version::HTTP_2;
        let context = head::context(head.headers, head.extensions, self.origin)?;
        let form = Form {
            codec,
            encoding,
            whole,
        };
        let requests = Requests::new(body, form, self.entry, &gateway.tables, &gateway.options);
        let messages = requests.into_inbound(self.entry).await?;
        let call = Call {
            method: Arc::clone(&self.entry.info),
            context,
            messages,
        };
        self.handler.call(call).await
    }
}

/// What is left to be sent before the end.
enum Messages {
    One(Bytes),
    Stream(MessageStream),
    Failed(Error),
    Done,
    Over,
}

/// What the last envelope says.
struct Ending {
    tables: Arc<Tables>,
    trailers: HeaderMap,
    late: Option<LateTrailers>,
}

impl Ending {
    fn envelope(&mut self, error: Option<&Error>) -> Envelope {
        let mut trailers = HeaderMap::new();
        headers::from_metadata(std::mem::take(&mut self.trailers), &mut trailers);
        if let Some(late) = self.late.as_ref().and_then(|late| late.get()) {
            headers::from_metadata(late.clone(), &mut trailers);
        }
        if let Some(error) = error {
            headers::from_metadata(error.metadata().clone(), &mut trailers);
        }
        let metadata: Vec<(&str, Vec<Cow<'_, str>>)> = trailers
            .keys()
            .map(|name| {
                let values = trailers.get_all(name).iter();
                let text = |value: &'_ HeaderValue| {
                    Cow::Owned(String::from_utf8_lossy(value.as_bytes()).into_owned())
                };
                (name.as_str(), values.map(text).collect())
            })
            .collect();
        Envelope {
            flags: END,
            message: status::to_connect_end(&self.tables, error, &metadata).into(),
        }
    }
}

/// The envelopes of an answer.
struct Frames {
    messages: Messages,
    ending: Ending,
    codec: Codec,
    output: Option<MessageId>,
    options: Arc<RpcOptions>,
    encoding: Option<Encoding>,
}

impl Frames {
    fn message(&self, message: Bytes) -> Result<Envelope> {
        let tables = &self.ending.tables;
        let message = self
            .codec
            .encode(tables, self.output, message, &self.options)?;
        match self.encoding.filter(|_| !message.is_empty()) {
            None => Ok(Envelope { flags: 0, message }),
            Some(encoding) => Ok(Envelope {
                flags: COMPRESSED,
                message: compress::compress(encoding, &message)?,
            }),
        }
    }

    fn end(&mut self, error: Option<&Error>) -> Bytes {
        self.messages = Messages::Over;
        self.ending.envelope(error).encode()
    }
}

impl Stream for Frames {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = match std::mem::replace(&mut self.messages, Messages::Done) {
            Messages::One(message) => Ok(Some(message)),
            Messages::Stream(mut messages) => match messages.as_mut().poll_next(cx) {
                Poll::Pending => {
                    self.messages = Messages::Stream(messages);
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(message))) => {
                    self.messages = Messages::Stream(messages);
                    Ok(Some(message))
                }
                Poll::Ready(Some(Err(error))) => Err(error),
                Poll::Ready(None) => Ok(None),
            },
            Messages::Failed(error) => Err(error),
            Messages::Done => Ok(None),
            Messages::Over => {
                self.messages = Messages::Over;
                return Poll::Ready(None);
            }
        };
        let frame = match next {
            Ok(Some(message)) => match self.message(message) {
                Ok(envelope) => envelope.encode(),
                Err(error) => self.end(Some(&error)),
            },
            Ok(None) => self.end(None),
            Err(error) => self.end(Some(&error)),
        };
        Poll::Ready(Some(Ok(frame)))
    }
}
