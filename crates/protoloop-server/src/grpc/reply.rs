//! A handler's reply as tonic sends it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;
use protoloop_core::{LateTrailers, MessageStream, Outbound, Reply};
use tonic::{Code, Response, Status, metadata::MetadataMap};

use super::status;

/// The messages of a reply, one or many, and then its trailers.
pub(crate) enum ReplyStream {
    One(Bytes, HeaderMap),
    Many(MessageStream, HeaderMap, Option<LateTrailers>),
    Trailers(HeaderMap),
    End,
}

impl ReplyStream {
    /// Ends the stream, with the reply's own trailers if it has any. tonic writes the metadata of the last status into
    /// the trailers, so they travel as an OK one.
    fn finish(&mut self, trailers: HeaderMap) -> Option<Result<Bytes, Status>> {
        *self = Self::End;
        if trailers.is_empty() {
            return None;
        }
        let metadata = MetadataMap::from_headers(trailers);
        Some(Err(Status::with_metadata(Code::Ok, "", metadata)))
    }
}

impl Stream for ReplyStream {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut *self {
            Self::One(message, trailers) => {
                let (message, trailers) = (std::mem::take(message), std::mem::take(trailers));
                *self = Self::Trailers(trailers);
                Poll::Ready(Some(Ok(message)))
            }
            Self::Many(messages, trailers, late) => match messages.as_mut().poll_next(cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(Ok(message))),
                Poll::Ready(Some(Err(error))) => {
                    let failed = status::of_error(&error, std::mem::take(trailers));
                    *self = Self::End;
                    Poll::Ready(Some(Err(failed)))
                }
                Poll::Ready(None) => {
                    let mut trailers = std::mem::take(trailers);
                    if let Some(late) = late.as_ref().and_then(|late| late.get()) {
                        trailers.extend(late.clone());
                    }
                    Poll::Ready(self.finish(trailers))
                }
            },
            Self::Trailers(trailers) => {
                let trailers = std::mem::take(trailers);
                Poll::Ready(self.finish(trailers))
            }
            Self::End => Poll::Ready(None),
        }
    }
}

/// A reply as tonic's response.
pub(crate) fn response(reply: Reply) -> Response<ReplyStream> {
    let messages = match reply.messages {
        Outbound::One(message) => ReplyStream::One(message, reply.trailers),
        Outbound::Stream(messages) => {
            ReplyStream::Many(messages, reply.trailers, reply.late_trailers)
        }
    };
    let mut response = Response::new(messages);
    if !reply.metadata.is_empty() {
        *response.metadata_mut() = MetadataMap::from_headers(reply.metadata);
    }
    response
}
