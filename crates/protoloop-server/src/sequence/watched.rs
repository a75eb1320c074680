//! What an observer hears of calls.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{
    BoxFuture, Call, Code, Handler, MessageStream, Outbound, Reply, Result, observe::Notes,
};

use super::CallLayer;

/// Notes how each call ends that comes from a watched request: its code, which no protocol but gRPC shows in the answer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Watched;

impl CallLayer for Watched {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Noting(inner))
    }

    fn name(&self) -> &str {
        "watched"
    }
}

struct Noting(Arc<dyn Handler>);

impl Handler for Noting {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let Some(notes) = call.context.extensions().get::<Notes>().cloned() else {
            return self.0.call(call);
        };
        let answer = self.0.call(call);
        Box::pin(async move {
            let mut reply = match answer.await {
                Ok(reply) => reply,
                Err(error) => {
                    notes.set_code(error.code());
                    return Err(error);
                }
            };
            reply.messages = match reply.messages {
                Outbound::One(message) => {
                    notes.set_code(Code::Ok);
                    Outbound::One(message)
                }
                Outbound::Stream(messages) => Outbound::Stream(Box::pin(Noted { messages, notes })),
            };
            Ok(reply)
        })
    }
}

/// Messages whose end is noted.
struct Noted {
    messages: MessageStream,
    notes: Notes,
}

impl Stream for Noted {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.messages.as_mut().poll_next(cx);
        match &next {
            Poll::Ready(None) => self.notes.set_code(Code::Ok),
            Poll::Ready(Some(Err(error))) => self.notes.set_code(error.code()),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => {}
        }
        next
    }
}
