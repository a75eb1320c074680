//! Request messages on their way out.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{Error, Inbound, MessageStream};
use tokio::sync::oneshot;

/// The caller's messages as tonic's client takes them: without errors.
///
/// A caller's stream that breaks must not look like one that ended, so it hangs from then on, and the error goes to
/// whoever waits for the reply; dropping that resets the upstream's stream.
pub(super) enum RequestMessages {
    One(Option<Bytes>),
    Many(MessageStream, Option<oneshot::Sender<Error>>),
}

impl RequestMessages {
    pub(super) fn new(messages: Inbound) -> (Self, Option<oneshot::Receiver<Error>>) {
        match messages {
            Inbound::One(message) => (Self::One(Some(message)), None),
            Inbound::Stream(messages) => {
                let (sender, receiver) = oneshot::channel();
                (Self::Many(messages, Some(sender)), Some(receiver))
            }
        }
    }
}

impl Stream for RequestMessages {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match &mut *self {
            Self::One(message) => Poll::Ready(message.take()),
            Self::Many(messages, broken) => {
                if broken.is_none() {
                    return Poll::Pending;
                }
                match messages.as_mut().poll_next(cx) {
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(message)),
                    Poll::Ready(None) => Poll::Ready(None),
                    Poll::Ready(Some(Err(error))) => {
                        if let Some(sender) = broken.take() {
                            // Whoever waited may have gone; then nothing is left to tell.
                            drop(sender.send(error));
                        }
                        Poll::Pending
                    }
                }
            }
        }
    }
}
