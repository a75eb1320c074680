//! Calls to other servers.

use std::{sync::Arc, time::Instant};

use opentelemetry::{metrics::Histogram, trace::SpanKind};
use opentelemetry_sdk::trace::Span;
use protoloop_core::{
    Code, MethodInfo, TraceContext,
    observe::{OperationEnds, WatchesCalls},
};

use crate::{
    outcomes::{Outcomes, method},
    spans::{self, Opening, Spans},
};

/// Watches the calls to the methods of one schema.
pub(crate) struct Upstream {
    duration: Histogram<f64>,
    spans: Option<Spans>,
    /// By the methods' index.
    methods: Vec<Arc<Method>>,
}

struct Method {
    name: Arc<str>,
    outcomes: Outcomes,
}

impl Upstream {
    pub(crate) fn new(
        methods: &[Arc<MethodInfo>],
        duration: Histogram<f64>,
        spans: Option<Spans>,
    ) -> Self {
        let of = |info: &Arc<MethodInfo>| {
            let name: Arc<str> = info.path.trim_start_matches('/').into();
            let fails = |code| code != Code::Ok;
            Arc::new(Method {
                outcomes: Outcomes::new(method(Arc::clone(&name)), "grpc", fails),
                name,
            })
        };
        Self {
            duration,
            spans,
            methods: methods.iter().map(of).collect(),
        }
    }
}

impl WatchesCalls for Upstream {
    fn begin(
        &self,
        info: &MethodInfo,
        within: Option<TraceContext>,
    ) -> (Option<TraceContext>, Box<dyn OperationEnds>) {
        let Some(method) = self.methods.get(info.index) else {
            return (None, Box::new(Unknown));
        };
        let within = within.filter(TraceContext::recorded);
        let place = within.map(|within| within.child());
        let span = self.spans.as_ref().and_then(|spans| {
            let opening = Opening {
                place: place?,
                parent: within,
                remote: None,
                kind: SpanKind::Client,
            };
            let identity = || method.outcomes.identity();
            spans.begin(opening, || {
                (method.name.to_string().into(), identity().into())
            })
        });
        let place = place.filter(|_| span.is_some());
        let call = WatchedCall {
            duration: self.duration.clone(),
            method: Arc::clone(method),
            began: Instant::now(),
            open: Some(span),
        };
        (place, Box::new(call))
    }
}

/// A method of another schema.
struct Unknown;

impl OperationEnds for Unknown {
    fn end(self: Box<Self>, _: Option<Code>) {}
}

struct WatchedCall {
    duration: Histogram<f64>,
    method: Arc<Method>,
    began: Instant,
    /// `None` when the end was told.
    open: Option<Option<Span>>,
}

impl WatchedCall {
    fn tell(&mut self, code: Code) {
        let Some(span) = self.open.take() else {
            return;
        };
        let outcomes = &self.method.outcomes;
        outcomes.record(&self.duration, code, self.began.elapsed());
        if let Some(span) = span {
            let failed = outcomes.fails(code).then_some(code);
            spans::end(span, outcomes.outcome(code), failed);
        }
    }
}

impl OperationEnds for WatchedCall {
    fn end(mut self: Box<Self>, failed: Option<Code>) {
        self.tell(failed.unwrap_or(Code::Ok));
    }
}

impl Drop for WatchedCall {
    fn drop(&mut self) {
        self.tell(Code::Cancelled);
    }
}
