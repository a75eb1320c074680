//! Attributes, and instruments of the table.

use opentelemetry::{
    KeyValue, Value,
    metrics::{Histogram, Meter},
};
use protoloop_core::Code;

use crate::definitions::Definition;

/// An attribute.
pub(crate) fn of(key: &'static str, value: impl Into<Value>) -> KeyValue {
    KeyValue::new(key, value)
}

/// A histogram of the table.
pub(crate) fn histogram(meter: &Meter, of: &Definition, bounds: &[f64]) -> Histogram<f64> {
    meter
        .f64_histogram(of.name)
        .with_unit(of.unit)
        .with_description(of.description)
        .with_boundaries(bounds.to_vec())
        .build()
}

/// Whether a code is a server's failure, as the semantic conventions count them.
pub(crate) fn is_failure(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
