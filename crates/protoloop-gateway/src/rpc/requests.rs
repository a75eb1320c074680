//! The messages of a request body.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_core::Stream;
use http_body::Body as HttpBody;
use protoloop_core::{Code, Error, Inbound, Result};
use protoloop_wire::Tables;

use super::{
    Entry, RpcOptions,
    codec::Codec,
    compress,
    envelope::{BodyFault, COMPRESSED, Envelope, Envelopes},
};
use crate::compression::Encoding;

/// How the messages of a request are to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) codec: Codec,
    /// What a message is compressed with, if its flag says that it is.
    pub(super) encoding: Option<Encoding>,
    /// Whether an error waits until the rest of the body has come, within a bound. Over HTTP/1.1 a caller that is still
    /// sending would else see its connection closed, and not the answer; over HTTP/2 it may wait for the answer first.
    pub(super) whole: bool,
}

/// The messages of a request, up to the first error.
pub(super) struct Requests<B> {
    envelopes: Option<Envelopes<B>>,
    /// Kept until the body has been read to its end.
    error: Option<Error>,
    form: Form,
    tables: Arc<Tables>,
    input: Option<protoloop_schema::MessageId>,
    options: Arc<RpcOptions>,
}

impl<B> Requests<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: BodyFault,
{
    pub(super) fn new(
        body: B,
        form: Form,
        entry: &Entry,
        tables: &Arc<Tables>,
        options: &Arc<RpcOptions>,
    ) -> Self {
        Self {
            envelopes: Some(Envelopes::new(body, options.max_message_bytes)),
            error: None,
            form,
            tables: Arc::clone(tables),
            input: entry.input(),
            options: Arc::clone(options),
        }
    }

    /// As a method takes them: all of a stream, or exactly one.
    ///
    /// # Errors
    /// Where exactly one is due: what is wrong with it, and UNIMPLEMENTED for none or more than one.
    pub(super) async fn into_inbound(mut self, entry: &Entry) -> Result<Inbound>
    where
        B: Send + 'static,
    {
        if entry.info.client_streaming {
            return Ok(Inbound::Stream(Box::pin(self)));
        }
        self.only().await.map(Inbound::One)
    }

    async fn only(&mut self) -> Result<Bytes> {
        let Some(message) = self.next().await.transpose()? else {
            return Err(Error::unimplemented(
                "the request has no message, and the method takes exactly one",
            ));
        };
        if self.next().await.transpose()?.is_some() {
            self.error = Some(Error::unimplemented(
                "the request has more than one message, and the method takes exactly one",
            ));
            self.next().await.transpose()?;
        }
        Ok(message)
    }

    async fn next(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Some(envelopes) = &mut self.envelopes else {
            return Poll::Ready(None);
        };
        if self.error.is_none() {
            match ready!(envelopes.poll_next(cx)) {
                None => {
                    self.envelopes = None;
                    return Poll::Ready(None);
                }
                Some(envelope) => match envelope.and_then(|envelope| self.open(envelope)) {
                    Ok(message) => return Poll::Ready(Some(Ok(message))),
                    Err(error) => self.error = Some(error),
                },
            }
        }
        if self.form.whole
            && let Some(envelopes) = &mut self.envelopes
        {
            ready!(envelopes.poll_drain(cx));
        }
        self.envelopes = None;
        Poll::Ready(self.error.take().map(Err))
    }

    fn open(&self, envelope: Envelope) -> Result<Bytes> {
        let Envelope { flags, message } = envelope;
        if flags & !COMPRESSED != 0 {
            return Err(Error::invalid_argument(format!(
                "a message of the request has the unknown flags {flags:#x}"
            )));
        }
        let message = match (flags & COMPRESSED != 0, self.form.encoding) {
            (false, _) => message,
            (true, Some(encoding)) => {
                compress::decompress(encoding, &message, self.options.max_message_bytes)?
            }
            (true, None) => {
                return Err(Error::new(
                    Code::Internal,
                    "a message is compressed, but no header names its compression",
                ));
            }
        };
        self.form
            .codec
            .decode(&self.tables, self.input, message, &self.options)
    }
}

impl<B> Stream for Requests<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: BodyFault,
{
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(cx)
    }
}
