//! The key of a row.

use std::{cmp::Ordering, fmt, sync::Arc};

use crate::Value;

/// One value of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyValue {
    /// A signed integer field, or the number of an enum.
    Int(i64),
    /// An unsigned integer field.
    Uint(u64),
    /// A string field.
    String(Arc<str>),
    /// A bytes field.
    Bytes(Box<[u8]>),
}

impl KeyValue {
    /// The value of a key field; `None` for what can be no key.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::I64(number) => Self::Int(*number),
            Value::Enum(number) => Self::Int(i64::from(*number)),
            Value::U64(number) => Self::Uint(*number),
            Value::String(text) => Self::String(text.as_str().into()),
            Value::Bytes(bytes) => Self::Bytes(bytes.as_slice().into()),
            _ => return None,
        })
    }
}

/// The value of a field that holds a key, which is no enum.
impl From<&KeyValue> for Value {
    fn from(key: &KeyValue) -> Self {
        match key {
            KeyValue::Int(number) => Self::I64(*number),
            KeyValue::Uint(number) => Self::U64(*number),
            KeyValue::String(text) => Self::String(text.to_string()),
            KeyValue::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }
}

/// The key of a row: one value per key field of the model, in the order of `Entity::key`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(Values);

/// Nearly every model has one key field; that case costs no second allocation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Values {
    One([KeyValue; 1]),
    Several(Box<[KeyValue]>),
}

impl Key {
    /// A key of several values, in order; `None` when there is none.
    #[must_use]
    pub fn new(values: Vec<KeyValue>) -> Option<Self> {
        match <[KeyValue; 1]>::try_from(values) {
            Ok(one) => Some(Self(Values::One(one))),
            Err(values) if values.is_empty() => None,
            Err(values) => Some(Self(Values::Several(values.into_boxed_slice()))),
        }
    }

    /// The values, in the order of the model's key fields.
    #[must_use]
    pub fn values(&self) -> &[KeyValue] {
        match &self.0 {
            Values::One(values) => values,
            Values::Several(values) => values,
        }
    }
}

/// By the values, in order.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        // Nearly every key is one text, and a search in memory is made of comparisons.
        if let (Values::One([KeyValue::String(own)]), Values::One([KeyValue::String(other)])) =
            (&self.0, &other.0)
        {
            return own.as_bytes().cmp(other.as_bytes());
        }
        self.values().cmp(other.values())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<KeyValue> for Key {
    fn from(value: KeyValue) -> Self {
        Self(Values::One([value]))
    }
}

impl From<&str> for Key {
    fn from(value: &str) -> Self {
        KeyValue::String(value.into()).into()
    }
}

impl From<String> for Key {
    fn from(value: String) -> Self {
        KeyValue::String(value.into()).into()
    }
}

impl From<i64> for Key {
    fn from(value: i64) -> Self {
        KeyValue::Int(value).into()
    }
}

impl From<u64> for Key {
    fn from(value: u64) -> Self {
        KeyValue::Uint(value).into()
    }
}

impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Uint(value) => write!(f, "{value}"),
            Self::String(value) => f.write_str(value),
            Self::Bytes(value) => value.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// The values as a caller would write them, several joined by `/`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.values().iter().enumerate() {
            if index > 0 {
                f.write_str("/")?;
            }
            value.fmt(f)?;
        }
        Ok(())
    }
}
