//! gRPC, gRPC-Web and Connect.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use opentelemetry::{
    Value,
    metrics::{Histogram, Meter},
    trace::SpanKind,
};
use opentelemetry_sdk::trace::Span;
use opentelemetry_semantic_conventions::attribute::RPC_SYSTEM_NAME;
use protoloop_core::{
    Code, Protocol, TraceContext,
    observe::{RequestEnd, RequestEnds, RequestHead, Surface},
};

use super::decided;
use crate::{
    attributes::{self, histogram, is_failure},
    definitions::{CALL_SECONDS, RPC_ACTIVE, RPC_DURATION},
    outcomes::{Outcomes, method},
    spans::{self, Opening, Spans},
};

/// What every schema's methods share.
#[derive(Clone)]
pub(crate) struct RpcInstruments {
    duration: Histogram<f64>,
    active: Arc<ActiveCalls>,
}

/// Calls in flight, by system.
#[derive(Debug, Default)]
struct ActiveCalls {
    grpc: AtomicI64,
    connect: AtomicI64,
}

const GRPC: &str = "grpc";
const CONNECT: &str = "connectrpc";

/// A method that nobody knows.
const OTHER: &str = "_OTHER";

impl RpcInstruments {
    pub(crate) fn new(meter: &Meter) -> Self {
        let active = Arc::new(ActiveCalls::default());
        let seen = Arc::clone(&active);
        meter
            .i64_observable_up_down_counter(RPC_ACTIVE.name)
            .with_unit(RPC_ACTIVE.unit)
            .with_description(RPC_ACTIVE.description)
            .with_callback(move |observer| {
                for (system, count) in [(GRPC, &seen.grpc), (CONNECT, &seen.connect)] {
                    let system = attributes::of(RPC_SYSTEM_NAME, system);
                    observer.observe(count.load(Ordering::Relaxed), &[system]);
                }
            })
            .build();
        Self {
            duration: histogram(meter, &RPC_DURATION, &CALL_SECONDS),
            active,
        }
    }
}

impl ActiveCalls {
    fn of(&self, protocol: Protocol) -> &AtomicI64 {
        match protocol {
            Protocol::Connect => &self.connect,
            _ => &self.grpc,
        }
    }
}

/// The methods of a schema, and the services beside it.
pub(super) struct Rpc {
    instruments: RpcInstruments,
    methods: Vec<Method>,
    /// Positions in `methods` by gRPC path; those of other services by their name.
    by_path: HashMap<Box<str>, usize>,
}

struct Method {
    grpc: Outcomes,
    connect: Outcomes,
    /// Without its first slash, the name of spans; `None` where nobody wants spans, as of health checks.
    span: Option<Arc<str>>,
}

impl Method {
    fn new(name: impl Into<Value>, span: Option<Arc<str>>) -> Self {
        let name = method(name);
        Self {
            grpc: Outcomes::new(name.clone(), GRPC, is_failure),
            connect: Outcomes::new(name, CONNECT, is_failure),
            span,
        }
    }

    fn outcomes(&self, protocol: Protocol) -> &Outcomes {
        match protocol {
            Protocol::Connect => &self.connect,
            _ => &self.grpc,
        }
    }
}

impl Rpc {
    pub(super) fn new(surface: &Surface, instruments: &RpcInstruments) -> Self {
        // The first is for those that nobody knows.
        let mut methods = vec![Method::new(OTHER, Some(OTHER.into()))];
        let mut by_path = HashMap::new();
        for info in &surface.methods {
            let name: Arc<str> = info.path.trim_start_matches('/').into();
            by_path.insert((&*info.path).into(), methods.len());
            methods.push(Method::new(Arc::clone(&name), Some(name)));
        }
        for service in &surface.services {
            // Their methods are not known; health and reflection have few.
            by_path.insert((&**service).into(), methods.len());
            methods.push(Method::new(format!("{service}/{OTHER}"), None));
        }
        Self {
            instruments: instruments.clone(),
            methods,
            by_path,
        }
    }

    /// The position of the method at a path.
    fn find(&self, path: &str) -> usize {
        let service = || {
            path.strip_prefix('/')?
                .split_once('/')
                .map(|(name, _)| name)
        };
        let found = self.by_path.get(path);
        let found = found.or_else(|| self.by_path.get(service()?));
        found.copied().unwrap_or(0)
    }

    pub(super) fn begin(
        rpc: &Arc<Self>,
        head: &RequestHead<'_>,
        spans: Option<&Spans>,
    ) -> (TraceContext, Box<dyn RequestEnds>) {
        let index = rpc.find(head.uri.path());
        let method = &rpc.methods[index];
        let span = spans.zip(method.span.as_ref()).and_then(|(spans, name)| {
            let opening = Opening {
                place: head.trace,
                parent: TraceContext::of_caller(head.headers),
                remote: Some(head.headers),
                kind: SpanKind::Server,
            };
            let identity = || method.outcomes(head.protocol).identity();
            spans.begin(opening, || (name.to_string().into(), identity().into()))
        });
        rpc.instruments
            .active
            .of(head.protocol)
            .fetch_add(1, Ordering::Relaxed);
        let place = decided(head, spans, span.is_some());
        let call = WatchedCall {
            rpc: Arc::clone(rpc),
            index,
            protocol: head.protocol,
            began: Instant::now(),
            span,
        };
        (place, Box::new(call))
    }
}

struct WatchedCall {
    rpc: Arc<Rpc>,
    index: usize,
    protocol: Protocol,
    began: Instant,
    span: Option<Span>,
}

impl RequestEnds for WatchedCall {
    fn end(self: Box<Self>, end: &RequestEnd) {
        let took = self.began.elapsed();
        let Self {
            rpc,
            index,
            protocol,
            span,
            ..
        } = *self;
        rpc.instruments
            .active
            .of(protocol)
            .fetch_sub(1, Ordering::Relaxed);
        let code = code_of(end);
        let outcomes = rpc.methods[index].outcomes(protocol);
        outcomes.record(&rpc.instruments.duration, code, took);
        if let Some(span) = span {
            let failed = outcomes.fails(code).then_some(code);
            spans::end(span, outcomes.outcome(code), failed);
        }
    }
}

/// The code of a call; of an answer that tells none, by its status as gRPC's clients read it.
fn code_of(end: &RequestEnd) -> Code {
    end.code
        .unwrap_or(match end.status.map(|status| status.as_u16()) {
            None => Code::Cancelled,
            Some(200) => Code::Ok,
            Some(400) => Code::Internal,
            Some(404 | 405) => Code::Unimplemented,
            Some(429 | 502..=504) => Code::Unavailable,
            Some(_) => Code::Unknown,
        })
}
