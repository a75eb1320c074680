//! Reply messages on their way to the caller.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{Error, LateTrailers, Result};
use tokio::sync::oneshot;
use tonic::Streaming;

use super::{metadata, status};

/// The upstream's messages, up to the first error of either side. Dropping it resets the upstream's stream.
pub(super) struct ReplyMessages {
    messages: Option<Streaming<Bytes>>,
    broken: Option<oneshot::Receiver<Error>>,
    trailers: LateTrailers,
}

impl ReplyMessages {
    pub(super) fn new(
        messages: Streaming<Bytes>,
        broken: Option<oneshot::Receiver<Error>>,
        trailers: LateTrailers,
    ) -> Self {
        Self {
            messages: Some(messages),
            broken,
            trailers,
        }
    }

    /// The error that the caller's own stream broke with.
    fn poll_broken(&mut self, cx: &mut Context<'_>) -> Option<Error> {
        let receiver = self.broken.as_mut()?;
        match Pin::new(receiver).poll(cx) {
            Poll::Pending => None,
            Poll::Ready(error) => {
                self.broken = None;
                error.ok()
            }
        }
    }
}

impl Stream for ReplyMessages {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(error) = self.poll_broken(cx) {
            self.messages = None;
            return Poll::Ready(Some(Err(error)));
        }
        let Some(messages) = &mut self.messages else {
            return Poll::Ready(None);
        };
        let item = match Pin::new(&mut *messages).poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(message))) => return Poll::Ready(Some(Ok(message))),
            Poll::Ready(Some(Err(status))) => Some(Err(status::error(&status))),
            Poll::Ready(None) => None,
        };
        if item.is_none()
            && let Some(trailers) = end(messages, cx)
        {
            // Set once: this stream is over.
            let _ = self.trailers.set(metadata::answered(trailers));
        }
        self.messages = None;
        Poll::Ready(item)
    }
}

/// The trailers of a stream that is over: they are there already, so one poll is enough.
fn end(messages: &mut Streaming<Bytes>, cx: &mut Context<'_>) -> Option<http::HeaderMap> {
    let trailers = std::pin::pin!(messages.trailers());
    match trailers.poll(cx) {
        Poll::Ready(Ok(trailers)) => trailers.map(tonic::metadata::MetadataMap::into_headers),
        Poll::Ready(Err(_)) | Poll::Pending => None,
    }
}
