//! A panic ends the call, never the process.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::{FutureExt as _, StreamExt as _};
use protoloop_core::{BoxFuture, Call, Error, Handler, MessageStream, Outbound, Reply, Result};

use super::CallLayer;

/// Turns a panic of what stands behind it, in the call or in its response stream, into INTERNAL.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanic;

impl CallLayer for CatchPanic {
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(Guarded(inner))
    }

    fn name(&self) -> &str {
        "catch-panic"
    }
}

struct Guarded(Arc<dyn Handler>);

impl Handler for Guarded {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        // A panic before there is a future is one as well.
        let answer = match catch_unwind(AssertUnwindSafe(|| self.0.call(call))) {
            Ok(answer) => answer,
            Err(payload) => return Box::pin(std::future::ready(Err(caught(&*payload)))),
        };
        Box::pin(async move {
            let mut reply = AssertUnwindSafe(answer)
                .catch_unwind()
                .await
                .unwrap_or_else(|payload| Err(caught(&*payload)))?;
            if let Outbound::Stream(messages) = reply.messages {
                reply.messages = Outbound::Stream(guard(messages));
            }
            Ok(reply)
        })
    }
}

fn guard(messages: MessageStream) -> MessageStream {
    let messages = AssertUnwindSafe(messages).catch_unwind();
    Box::pin(messages.map(|item| item.unwrap_or_else(|payload| Err(caught(&*payload)))))
}

fn caught(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without text");
    Error::internal_error(format!("the handler panicked: {text}"))
}
