//! A request stream on its way to a handler.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Limits, Tables};
use tonic::{Status, Streaming};

use super::status;

/// Checked messages, up to the first error.
///
/// tonic's stream goes on after an error, with errors without end when the request was cut off; this one is over then.
pub(crate) struct RequestStream {
    messages: Option<Streaming<Bytes>>,
    tables: Arc<Tables>,
    input: MessageId,
    limits: Limits,
}

impl RequestStream {
    pub(crate) fn new(
        messages: Streaming<Bytes>,
        tables: Arc<Tables>,
        input: MessageId,
        limits: Limits,
    ) -> Self {
        Self {
            messages: Some(messages),
            tables,
            input,
            limits,
        }
    }

    fn checked(&self, item: Result<Bytes, Status>) -> Result<Bytes> {
        let message = item.map_err(|status| status::to_error(&status))?;
        protoloop_wire::check(&self.tables, self.input, &message, &self.limits)
            .map_err(Error::from)?;
        Ok(message)
    }
}

impl Stream for RequestStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(messages) = &mut self.messages else {
            return Poll::Ready(None);
        };
        let item = match Pin::new(messages).poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(item) => item.map(|item| self.checked(item)),
        };
        if !matches!(item, Some(Ok(_))) {
            self.messages = None;
        }
        Poll::Ready(item)
    }
}
