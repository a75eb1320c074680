//! Requests of a server.

mod http;
mod rpc;

use std::sync::Arc;

use protoloop_core::{
    Protocol, TraceContext,
    observe::{RequestEnds, RequestHead, Surface, WatchesRequests},
};

use http::Http;
pub(crate) use http::HttpInstruments;
use rpc::Rpc;
pub(crate) use rpc::RpcInstruments;

use crate::spans::Spans;

/// Watches the requests for one schema.
pub(crate) struct Requests {
    rpc: Arc<Rpc>,
    http: Arc<Http>,
    spans: Option<Spans>,
}

impl Requests {
    pub(crate) fn new(
        surface: &Surface,
        rpc: &RpcInstruments,
        http: &HttpInstruments,
        spans: Option<Spans>,
    ) -> Self {
        Self {
            rpc: Arc::new(Rpc::new(surface, rpc)),
            http: Arc::new(Http::new(surface, http)),
            spans,
        }
    }
}

impl WatchesRequests for Requests {
    fn begin(&self, head: &RequestHead<'_>) -> (TraceContext, Box<dyn RequestEnds>) {
        let spans = self.spans.as_ref();
        match head.protocol {
            Protocol::Rest => Http::begin(&self.http, head, spans),
            _ => Rpc::begin(&self.rpc, head, spans),
        }
    }
}

/// The place of a request whose sampling is decided: without spans as its caller has it.
fn decided(head: &RequestHead<'_>, spans: Option<&Spans>, recorded: bool) -> TraceContext {
    match spans {
        Some(_) => head.trace.with_recorded(recorded),
        None => head.trace,
    }
}
