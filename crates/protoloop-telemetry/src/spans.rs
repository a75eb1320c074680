//! Spans, whose ids are those that calls have anyway.

use std::{borrow::Cow, cell::Cell, fmt, str::FromStr as _};

use http::HeaderMap;
use opentelemetry::{
    Context, KeyValue,
    trace::{
        Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
        TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
    },
};
use opentelemetry_sdk::trace::{
    IdGenerator, RandomIdGenerator, SdkTracer, SdkTracerProvider, Span,
};
use protoloop_core::{Code, TraceContext};

/// Makes spans.
#[derive(Clone)]
pub(crate) struct Spans(SdkTracer);

/// What a span says at its beginning.
pub(crate) struct Opening<'a> {
    /// Its own place.
    pub(crate) place: TraceContext,
    /// What it is within, where there is something.
    pub(crate) parent: Option<TraceContext>,
    /// The headers of who asked from elsewhere; `None` within the process.
    pub(crate) remote: Option<&'a HeaderMap>,
    pub(crate) kind: SpanKind,
}

/// What it is called, and its attributes.
pub(crate) type Details = (Cow<'static, str>, Vec<KeyValue>);

impl Spans {
    pub(crate) fn new(provider: &SdkTracerProvider) -> Self {
        Self(provider.tracer("protoloop"))
    }

    /// Begins a span; `None` when the sampler does not want it. Those that the environment can name look at ids only, so what
    /// else there is to say is put together for spans that are wanted.
    pub(crate) fn begin(
        &self,
        opening: Opening<'_>,
        details: impl FnOnce() -> Details,
    ) -> Option<Span> {
        let Opening { place, parent, .. } = opening;
        let context = match parent {
            Some(parent) => Context::new().with_remote_span_context(SpanContext::new(
                TraceId::from(parent.trace_id()),
                SpanId::from(parent.span_id()),
                TraceFlags::default().with_sampled(parent.sampled()),
                opening.remote.is_some(),
                opening.remote.map(state).unwrap_or_default(),
            )),
            None => Context::new(),
        };
        NEXT.set(Some((place.trace_id(), place.span_id())));
        let builder = SpanBuilder::from_name("").with_kind(opening.kind);
        let mut span = self.0.build_with_context(builder, &context);
        NEXT.set(None);
        if !(span.is_recording() && span.span_context().is_sampled()) {
            return None;
        }
        let (name, attributes) = details();
        span.update_name(name);
        span.set_attributes(attributes);
        Some(span)
    }
}

/// Ends a span with what is known now. `failed` is the code of what counts as an error.
pub(crate) fn end(
    mut span: Span,
    attributes: impl IntoIterator<Item = KeyValue>,
    failed: Option<Code>,
) {
    span.set_attributes(attributes);
    if failed.is_some() {
        // The code stands among the attributes, and messages may hold what no collector shall see.
        span.set_status(Status::error(""));
    }
    span.end();
}

fn state(headers: &HeaderMap) -> TraceState {
    let value = headers
        .get("tracestate")
        .and_then(|value| value.to_str().ok());
    let state = value.and_then(|value| TraceState::from_str(value).ok());
    state.unwrap_or_default()
}

thread_local! {
    /// The ids of the span that is being made on this thread.
    static NEXT: Cell<Option<(u128, u64)>> = const { Cell::new(None) };
}

/// Gives spans the ids of their calls.
#[derive(Debug, Default)]
pub(crate) struct CallIds(RandomIdGenerator);

impl IdGenerator for CallIds {
    fn new_trace_id(&self) -> TraceId {
        match NEXT.get() {
            Some((trace, _)) => TraceId::from(trace),
            None => self.0.new_trace_id(),
        }
    }

    fn new_span_id(&self) -> SpanId {
        match NEXT.get() {
            Some((_, span)) => SpanId::from(span),
            None => self.0.new_span_id(),
        }
    }
}

impl fmt::Debug for Spans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spans")
    }
}
