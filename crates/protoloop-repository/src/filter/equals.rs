//! Conditions that code makes.

use protoloop_core::{Error, Result};

use super::{CompareOp, Filter};
use crate::{LeafKind, LeafShape, Model, Value};

impl Filter {
    /// The condition that a field of the row has a value: for code, which may name what callers may not, such as a hidden
    /// field. Names are proto or JSON names.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a name that is unknown or not of one stored value, and for a value of another type.
    pub fn equals(model: &Model, field: &str, value: impl Into<Value>) -> Result<Self> {
        let found = model.message().field_by_any_name(field);
        let path = found.and_then(|found| model.column_property(found.number));
        let single = |path: &crate::PropertyPath| path.leaf().shape == LeafShape::Single;
        let path = path.filter(single).ok_or_else(|| {
            let what = format!("{} stores no such value", model.full_name());
            Error::invalid_field(field, what)
        })?;
        let value = value.into();
        if !fits(&value, path.leaf().kind) {
            return Err(Error::invalid_field(field, "is of another type"));
        }
        let op = CompareOp::Eq;
        Ok(Self::Compare { path, op, value })
    }
}

fn fits(value: &Value, kind: LeafKind) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) => matches!(kind, LeafKind::Bool),
        Value::I64(_) => matches!(kind, LeafKind::Int32 | LeafKind::Int64),
        Value::U64(_) => matches!(kind, LeafKind::Uint32 | LeafKind::Uint64),
        Value::F64(_) => matches!(kind, LeafKind::Float | LeafKind::Double),
        Value::String(_) => matches!(kind, LeafKind::String),
        Value::Bytes(_) => matches!(kind, LeafKind::Bytes),
        Value::Enum(_) => matches!(kind, LeafKind::Enum(_)),
        Value::Timestamp { .. } => matches!(kind, LeafKind::Timestamp),
        Value::Duration { .. } => matches!(kind, LeafKind::Duration),
    }
}

macro_rules! values {
    ($($type:ty => $value:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                let into: fn($type) -> Self = $value;
                into(value)
            }
        }
    )*};
}

values! {
    bool => Value::Bool;
    i32 => |value| Value::I64(value.into());
    i64 => Value::I64;
    u32 => |value| Value::U64(value.into());
    u64 => Value::U64;
    f64 => Value::F64;
    &str => |value| Value::String(value.to_owned());
    String => Value::String;
}
