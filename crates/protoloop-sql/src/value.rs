//! Values on their way between a record and a database.

use std::borrow::Cow;

use protoloop_repository::{KeyValue, Value};
use sea_query::{Enum, OptionEnum};

use crate::time;

/// A value as a driver binds and reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlValue<'a> {
    /// NULL.
    Null,
    /// A boolean, in databases that have them.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An unsigned integer, in databases that have them or decimal numbers.
    Uint(u64),
    /// A floating point number.
    Real(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// Bytes.
    Blob(Cow<'a, [u8]>),
    /// JSON text, in databases that have a type of their own for it.
    Json(Cow<'a, str>),
}

impl SqlValue<'_> {
    /// The same value, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> SqlValue<'static> {
        match self {
            Self::Null => SqlValue::Null,
            Self::Bool(value) => SqlValue::Bool(value),
            Self::Int(value) => SqlValue::Int(value),
            Self::Uint(value) => SqlValue::Uint(value),
            Self::Real(value) => SqlValue::Real(value),
            Self::Text(text) => SqlValue::Text(Cow::Owned(text.into_owned())),
            Self::Blob(bytes) => SqlValue::Blob(Cow::Owned(bytes.into_owned())),
            Self::Json(text) => SqlValue::Json(Cow::Owned(text.into_owned())),
        }
    }
}

/// The names are types of PostgreSQL, since sea-query writes a cast to them there.
///
/// sea-query has no such values without features that bring other libraries along; an enum value carries text under a
/// name.
const UINT: &str = "numeric";
const JSON: &str = "jsonb";

fn named(name: &str, text: String) -> sea_query::Value {
    sea_query::Value::Enum(OptionEnum::Some(Box::new(Enum {
        type_name: name.into(),
        value: text.into(),
    })))
}

fn unnamed(value: OptionEnum) -> Option<SqlValue<'static>> {
    let OptionEnum::Some(value) = value else {
        return None;
    };
    match &*value.type_name {
        UINT => value.value.parse().ok().map(SqlValue::Uint),
        JSON => Some(SqlValue::Json(value.value)),
        _ => None,
    }
}

impl From<SqlValue<'_>> for sea_query::Value {
    fn from(value: SqlValue<'_>) -> Self {
        match value {
            SqlValue::Null => Self::String(None),
            SqlValue::Bool(value) => Self::Bool(Some(value)),
            SqlValue::Int(value) => Self::BigInt(Some(value)),
            SqlValue::Uint(value) => named(UINT, value.to_string()),
            SqlValue::Real(value) => Self::Double(Some(value)),
            SqlValue::Text(text) => Self::String(Some(text.into_owned())),
            SqlValue::Blob(bytes) => Self::Bytes(Some(bytes.into_owned())),
            SqlValue::Json(text) => named(JSON, text.into_owned()),
        }
    }
}

/// The way back. A number beyond `i64` only comes from a LIMIT or OFFSET, where the largest one means the same.
impl From<sea_query::Value> for SqlValue<'static> {
    fn from(value: sea_query::Value) -> Self {
        use sea_query::Value as Sea;
        let found = match value {
            Sea::Bool(value) => value.map(Self::Bool),
            Sea::TinyInt(value) => value.map(|value| Self::Int(value.into())),
            Sea::SmallInt(value) => value.map(|value| Self::Int(value.into())),
            Sea::Int(value) => value.map(|value| Self::Int(value.into())),
            Sea::BigInt(value) => value.map(Self::Int),
            Sea::TinyUnsigned(value) => value.map(|value| Self::Int(value.into())),
            Sea::SmallUnsigned(value) => value.map(|value| Self::Int(value.into())),
            Sea::Unsigned(value) => value.map(|value| Self::Int(value.into())),
            Sea::BigUnsigned(value) => {
                value.map(|value| Self::Int(i64::try_from(value).unwrap_or(i64::MAX)))
            }
            Sea::Float(value) => value.map(|value| Self::Real(value.into())),
            Sea::Double(value) => value.map(Self::Real),
            Sea::String(value) => value.map(|text| Self::Text(Cow::Owned(text))),
            Sea::Char(value) => value.map(|char| Self::Text(Cow::Owned(char.to_string()))),
            Sea::Enum(value) => unnamed(value),
            Sea::Bytes(value) => value.map(|bytes| Self::Blob(Cow::Owned(bytes))),
        };
        found.unwrap_or(Self::Null)
    }
}

/// A present value of a column, before a dialect gives it its stored form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// `bool`.
    Bool(bool),
    /// Every signed integer type, and the number of an enum value.
    Int(i64),
    /// Every unsigned integer type.
    Uint(u64),
    /// `double`, and `float` widened.
    Float(f64),
    /// `string`.
    Text(&'a str),
    /// `bytes`.
    Bytes(&'a [u8]),
    /// `google.protobuf.Timestamp`, within its range.
    Timestamp {
        /// Seconds since 1970-01-01T00:00:00Z.
        seconds: i64,
        /// 0 to 999,999,999.
        nanos: i32,
    },
    /// `google.protobuf.Duration`, within its range; both parts have the same sign.
    Duration {
        /// Whole seconds.
        seconds: i64,
        /// -999,999,999 to 999,999,999.
        nanos: i32,
    },
    /// Everything else, as JSON text.
    Json(&'a str),
}

impl Scalar<'static> {
    /// The value of a stored text; `None` where it is no timestamp.
    pub(crate) fn timestamp(text: &str) -> Option<Self> {
        let (seconds, nanos) = time::parse_timestamp(text)?;
        Some(Self::Timestamp { seconds, nanos })
    }

    /// The value of a stored text; `None` where it is no duration.
    pub(crate) fn duration(text: &str) -> Option<Self> {
        let (seconds, nanos) = time::parse_duration(text)?;
        Some(Self::Duration { seconds, nanos })
    }
}

impl<'a> Scalar<'a> {
    /// A value of a filter or cursor; `None` for null.
    #[must_use]
    pub fn of(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::Bool(value) => Self::Bool(*value),
            Value::I64(value) => Self::Int(*value),
            Value::U64(value) => Self::Uint(*value),
            Value::F64(value) => Self::Float(*value),
            Value::String(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Enum(number) => Self::Int(i64::from(*number)),
            Value::Timestamp { seconds, nanos } => Self::Timestamp {
                seconds: *seconds,
                nanos: *nanos,
            },
            Value::Duration { seconds, nanos } => Self::Duration {
                seconds: *seconds,
                nanos: *nanos,
            },
        })
    }

    /// A value of a key.
    #[must_use]
    pub fn of_key(value: &'a KeyValue) -> Self {
        match value {
            KeyValue::Int(value) => Self::Int(*value),
            KeyValue::Uint(value) => Self::Uint(*value),
            KeyValue::String(text) => Self::Text(text),
            KeyValue::Bytes(bytes) => Self::Bytes(bytes),
        }
    }

    /// Whether it is what a proto3 field without presence holds when it was not set. A negative zero is not.
    #[must_use]
    pub fn is_default(&self) -> bool {
        match self {
            Self::Bool(value) => !value,
            Self::Int(value) => *value == 0,
            Self::Uint(value) => *value == 0,
            Self::Float(value) => value.to_bits() == 0,
            Self::Text(text) => text.is_empty(),
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Timestamp { .. } | Self::Duration { .. } | Self::Json(_) => false,
        }
    }
}
