//! One value of a property, as filters, orders and cursors carry it.

mod binary;

use std::cmp::Ordering;

/// A value. Its variant follows from the leaf of the property path it belongs to: every signed integer type is
/// [`Value::I64`], every unsigned one [`Value::U64`], `float` and `double` are [`Value::F64`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Absence: an unset field with presence, a missing map key, anything below an unset message.
    Null,
    /// `bool`.
    Bool(bool),
    /// `int32`, `int64`, `sint32`, `sint64`, `sfixed32`, `sfixed64`.
    I64(i64),
    /// `uint32`, `uint64`, `fixed32`, `fixed64`.
    U64(u64),
    /// `float` (widened) and `double`.
    F64(f64),
    /// `string`.
    String(String),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// The number of an enum value.
    Enum(i32),
    /// `google.protobuf.Timestamp`.
    Timestamp {
        /// Seconds since 1970-01-01T00:00:00Z.
        seconds: i64,
        /// 0 to 999,999,999.
        nanos: i32,
    },
    /// `google.protobuf.Duration`; both parts have the same sign.
    Duration {
        /// Whole seconds.
        seconds: i64,
        /// -999,999,999 to 999,999,999.
        nanos: i32,
    },
}

impl Value {
    /// Whether it is absence.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// How two values compare in a filter: `None` when one is null or NaN, or when their types differ.
    ///
    /// Strings and bytes compare by byte, `false` is before `true`, enums compare by number, `-0.0` equals `0.0`.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::I64(a), Self::I64(b)) => Some(a.cmp(b)),
            (Self::U64(a), Self::U64(b)) => Some(a.cmp(b)),
            (Self::F64(a), Self::F64(b)) => a.partial_cmp(b),
            (Self::String(a), Self::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Bytes(a), Self::Bytes(b)) => Some(a.cmp(b)),
            (Self::Enum(a), Self::Enum(b)) => Some(a.cmp(b)),
            (
                Self::Timestamp { seconds, nanos },
                Self::Timestamp {
                    seconds: other_seconds,
                    nanos: other_nanos,
                },
            )
            | (
                Self::Duration { seconds, nanos },
                Self::Duration {
                    seconds: other_seconds,
                    nanos: other_nanos,
                },
            ) => Some((seconds, nanos).cmp(&(other_seconds, other_nanos))),
            _ => None,
        }
    }

    /// How two values of one property stand in ascending order: as [`Value::compare`], then NaN, then null.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        self.compare(other)
            .unwrap_or_else(|| self.last_rank().cmp(&other.last_rank()))
    }

    fn last_rank(&self) -> u8 {
        match self {
            Self::Null => 2,
            Self::F64(value) if value.is_nan() => 1,
            _ => 0,
        }
    }
}
