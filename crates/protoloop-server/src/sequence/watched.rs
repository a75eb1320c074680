//! What an observer hears of calls.

use std::sync::Arc;

use protoloop_core::{
    BoxFuture, Call, Code, Error, Handler, Reply, Result, observe::Notes, when_over,
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
            when_over(answer.await, move |outcome| {
                notes.set_code(outcome.err().map_or(Code::Ok, Error::code));
            })
        })
    }
}
