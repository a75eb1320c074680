//! Calls to upstreams that an observer watches.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::{
    BoxFuture, Call, Error, Handler, MessageStream, Outbound, Reply, Result, TraceContext,
    observe::{OperationEnds, WatchesCalls},
};

/// A handler that passes calls on; the other server is told the place of the call in its trace, where that is recorded.
pub(super) struct Watched {
    pub(super) inner: Arc<dyn Handler>,
    pub(super) watch: Arc<dyn WatchesCalls>,
}

impl Handler for Watched {
    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Reply>> {
        let within = call.context.trace();
        let (place, ends) = self.watch.begin(&call.method, within);
        if let Some(place) = place {
            let metadata = call.context.metadata_mut();
            metadata.insert(TraceContext::HEADER, place.header_value());
        }
        let answer = self.inner.call(call);
        Box::pin(async move { answered(answer.await, ends) })
    }
}

fn answered(answer: Result<Reply>, ends: Box<dyn OperationEnds>) -> Result<Reply> {
    let mut reply = match answer {
        Ok(reply) => reply,
        Err(error) => {
            ends.end(Some(error.code()));
            return Err(error);
        }
    };
    reply.messages = match reply.messages {
        Outbound::One(message) => {
            ends.end(None);
            Outbound::One(message)
        }
        Outbound::Stream(messages) => Outbound::Stream(Box::pin(Messages {
            messages,
            ends: Some(ends),
        })),
    };
    Ok(reply)
}

/// Messages whose end is the call's.
struct Messages {
    messages: MessageStream,
    /// `None` when it was told.
    ends: Option<Box<dyn OperationEnds>>,
}

impl Stream for Messages {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.messages.as_mut().poll_next(cx);
        let ended = match &next {
            Poll::Ready(None) => Some(None),
            Poll::Ready(Some(Err(error))) => Some(Some(Error::code(error))),
            Poll::Ready(Some(Ok(_))) | Poll::Pending => None,
        };
        if let Some(failed) = ended
            && let Some(ends) = self.ends.take()
        {
            ends.end(failed);
        }
        next
    }
}
