//! What is asked for by the parts of a process.

use std::{fmt, sync::Arc};

use opentelemetry::metrics::{Histogram, Meter};
use opentelemetry_semantic_conventions::attribute::{
    DB_CLIENT_CONNECTION_POOL_NAME, DB_CLIENT_CONNECTION_STATE,
};
use protoloop_core::{
    MethodInfo,
    observe::{
        Connections, Datasource, Observer, Surface, WatchesCalls, WatchesOperations,
        WatchesRequests,
    },
};

use crate::{
    attributes::{self, histogram},
    definitions::{
        CALL_SECONDS, CLIENT_DURATION, CONNECTIONS, CONNECTIONS_MAX, OPERATION_DURATION,
        OPERATION_SECONDS,
    },
    operations::Operations,
    requests::{HttpInstruments, Requests, RpcInstruments},
    spans::Spans,
    upstream::Upstream,
};

/// Records metrics and spans.
pub(crate) struct OtelObserver {
    meter: Meter,
    spans: Option<Spans>,
    rpc: RpcInstruments,
    http: HttpInstruments,
    operations: Histogram<f64>,
    calls: Histogram<f64>,
}

impl OtelObserver {
    pub(crate) fn new(meter: Meter, spans: Option<Spans>) -> Self {
        Self {
            rpc: RpcInstruments::new(&meter),
            http: HttpInstruments::new(&meter),
            operations: histogram(&meter, &OPERATION_DURATION, &OPERATION_SECONDS),
            calls: histogram(&meter, &CLIENT_DURATION, &CALL_SECONDS),
            meter,
            spans,
        }
    }

    /// The connections of a datasource, looked at when metrics are.
    fn connections(&self, datasource: Datasource) {
        if (datasource.connections)().is_none() {
            return;
        }
        let datasource = Arc::new(datasource);
        let of_pool = move |datasource: &Datasource| {
            attributes::of(DB_CLIENT_CONNECTION_POOL_NAME, Arc::clone(&datasource.name))
        };
        let seen = Arc::clone(&datasource);
        self.meter
            .i64_observable_up_down_counter(CONNECTIONS.name)
            .with_unit(CONNECTIONS.unit)
            .with_description(CONNECTIONS.description)
            .with_callback(move |observer| {
                let Some(Connections { used, idle, .. }) = (seen.connections)() else {
                    return;
                };
                for (state, count) in [("used", used), ("idle", idle)] {
                    let state = attributes::of(DB_CLIENT_CONNECTION_STATE, state);
                    observer.observe(whole(count), &[of_pool(&seen), state]);
                }
            })
            .build();
        self.meter
            .i64_observable_up_down_counter(CONNECTIONS_MAX.name)
            .with_unit(CONNECTIONS_MAX.unit)
            .with_description(CONNECTIONS_MAX.description)
            .with_callback(move |observer| {
                if let Some(connections) = (datasource.connections)() {
                    observer.observe(whole(connections.most), &[of_pool(&datasource)]);
                }
            })
            .build();
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl Observer for OtelObserver {
    fn surface(&self, surface: &Surface) -> Arc<dyn WatchesRequests> {
        let spans = self.spans.clone();
        Arc::new(Requests::new(surface, &self.rpc, &self.http, spans))
    }

    fn datasource(&self, datasource: Datasource) -> Arc<dyn WatchesOperations> {
        let (duration, spans) = (self.operations.clone(), self.spans.clone());
        let operations = Operations::new(&datasource.kind, duration, spans);
        self.connections(datasource);
        Arc::new(operations)
    }

    fn upstream(&self, methods: &[Arc<MethodInfo>]) -> Arc<dyn WatchesCalls> {
        let (duration, spans) = (self.calls.clone(), self.spans.clone());
        Arc::new(Upstream::new(methods, duration, spans))
    }
}

impl fmt::Debug for OtelObserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtelObserver")
            .field("traces", &self.spans.is_some())
            .finish_non_exhaustive()
    }
}
