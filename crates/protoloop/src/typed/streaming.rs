//! Typed streams of messages.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use futures_core::Stream;
use futures_util::StreamExt as _;
use prost::Message;
use protoloop_core::{Inbound, MessageStream, Result};

use super::codec::{decode_request, encode};

/// What a streaming handler answers: messages as they are made. An error ends the call with its status.
///
/// It is made of any stream by `Box::pin(stream)`.
pub type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T>> + Send>>;

/// Request messages as they arrive.
pub struct Streaming<T> {
    messages: MessageStream,
    message: PhantomData<fn() -> T>,
}

impl<T: Message + Default> Streaming<T> {
    pub(super) fn new(messages: Inbound) -> Self {
        let messages: MessageStream = match messages {
            Inbound::One(message) => Box::pin(futures_util::stream::iter([Ok(message)])),
            Inbound::Stream(messages) => messages,
        };
        Self {
            messages,
            message: PhantomData,
        }
    }

    /// The next message; `None` when the caller has sent all.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it is not a message of the type; CANCELLED or UNAVAILABLE when the caller went away.
    pub async fn message(&mut self) -> Result<Option<T>> {
        self.next().await.transpose()
    }
}

impl<T: Message + Default> Stream for Streaming<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.messages
            .poll_next_unpin(cx)
            .map(|next| next.map(|message| decode_request(message?)))
    }
}

impl<T> fmt::Debug for Streaming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Streaming")
    }
}

/// Response messages as bytes.
pub(super) fn encoded<T: Message + 'static>(messages: ResponseStream<T>) -> MessageStream {
    Box::pin(messages.map(|message| message.map(|message| encode(&message))))
}
