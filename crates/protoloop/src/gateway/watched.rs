//! Calls to upstreams that an observer watches.

use std::sync::Arc;

use protoloop_core::{
    BoxFuture, Call, Error, Handler, Reply, Result, TraceContext, observe::WatchesCalls, when_over,
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
        Box::pin(async move {
            when_over(answer.await, |outcome| {
                ends.end(outcome.err().map(Error::code));
            })
        })
    }
}
