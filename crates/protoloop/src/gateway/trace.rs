//! The caller's trace goes on at the upstream.

use std::sync::Arc;

use protoloop_core::{BoxFuture, Call, Handler, Reply, Result, TraceContext};
use protoloop_server::{Phase, Sequence, layer_fn};

/// Next to the handlers: a `traceparent` that came with a call leaves with the gateway's own span as the parent.
pub(super) fn layers() -> Sequence {
    let layer = layer_fn(|inner| Arc::new(Traced { inner }));
    Sequence::builder().after(Phase::Invoke, layer)
}

struct Traced {
    inner: Arc<dyn Handler>,
}

impl Handler for Traced {
    fn call(&self, mut call: Call) -> BoxFuture<'_, Result<Reply>> {
        let came = call.context.metadata().contains_key(TraceContext::HEADER);
        if let Some(trace) = call.context.trace().filter(|_| came) {
            let metadata = call.context.metadata_mut();
            metadata.insert(TraceContext::HEADER, trace.header_value());
        }
        self.inner.call(call)
    }
}
