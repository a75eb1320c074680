//! Times by outcome.

use std::{fmt, sync::OnceLock, time::Duration};

use opentelemetry::{
    KeyValue,
    metrics::{BoundHistogram, Histogram},
};
use opentelemetry_semantic_conventions::attribute::{
    ERROR_TYPE, RPC_METHOD, RPC_RESPONSE_STATUS_CODE, RPC_SYSTEM_NAME,
};
use protoloop_core::Code;

use crate::attributes;

/// How many codes there are.
const CODES: usize = 17;

/// The times of one method's calls. Each code's place is looked up once; from then on recording allocates nothing.
pub(crate) struct Outcomes {
    method: KeyValue,
    system: &'static str,
    by_code: [OnceLock<BoundHistogram<f64>>; CODES],
    fails: fn(Code) -> bool,
}

impl Outcomes {
    /// `fails` says which codes are errors; from a client's side all are.
    pub(crate) fn new(method: KeyValue, system: &'static str, fails: fn(Code) -> bool) -> Self {
        Self {
            method,
            system,
            by_code: [const { OnceLock::new() }; CODES],
            fails,
        }
    }

    /// What identifies the method, for spans as well.
    pub(crate) fn identity(&self) -> [KeyValue; 2] {
        [
            attributes::of(RPC_SYSTEM_NAME, self.system),
            self.method.clone(),
        ]
    }

    /// What an outcome is called, for spans as well.
    pub(crate) fn outcome(&self, code: Code) -> impl Iterator<Item = KeyValue> + use<> {
        let error = (self.fails)(code).then(|| attributes::of(ERROR_TYPE, code.name()));
        [attributes::of(RPC_RESPONSE_STATUS_CODE, code.name())]
            .into_iter()
            .chain(error)
    }

    /// Whether a code is an error.
    pub(crate) fn fails(&self, code: Code) -> bool {
        (self.fails)(code)
    }

    pub(crate) fn record(&self, of: &Histogram<f64>, code: Code, took: Duration) {
        // Every code's number is below their count.
        let Some(place) = self.by_code.get(code as usize) else {
            return;
        };
        let bound = place.get_or_init(|| {
            let all: Vec<_> = self
                .identity()
                .into_iter()
                .chain(self.outcome(code))
                .collect();
            of.bind(&all)
        });
        bound.record(took.as_secs_f64());
    }
}

/// The name of a method, as both metrics and spans have it.
pub(crate) fn method(name: impl Into<opentelemetry::Value>) -> KeyValue {
    attributes::of(RPC_METHOD, name)
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes")
            .field("method", &self.method)
            .field("system", &self.system)
            .finish_non_exhaustive()
    }
}
