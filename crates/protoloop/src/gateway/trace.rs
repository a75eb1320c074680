//! The caller's trace goes on at the upstream.

use std::sync::Arc;

use http::HeaderName;
use protoloop_core::{BoxFuture, Call, Handler, Reply, Result};
use protoloop_server::{Phase, Sequence, TraceContext, layer_fn};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

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
        if call.context.metadata().contains_key(TRACEPARENT) {
            let trace = call.context.extensions().get::<TraceContext>().copied();
            if let Some(trace) = trace {
                let metadata = call.context.metadata_mut();
                metadata.insert(TRACEPARENT, trace.header_value());
            }
        }
        self.inner.call(call)
    }
}
