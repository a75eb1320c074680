//! One field's value.

use crate::View;

/// A value of a field, borrowed from the encoded message.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// `bool`.
    Bool(bool),
    /// `int32`, `sint32`, `sfixed32`.
    I32(i32),
    /// `int64`, `sint64`, `sfixed64`.
    I64(i64),
    /// `uint32`, `fixed32`.
    U32(u32),
    /// `uint64`, `fixed64`.
    U64(u64),
    /// `float`.
    F32(f32),
    /// `double`.
    F64(f64),
    /// `string`.
    String(&'a str),
    /// `bytes`; also a proto2 `string` that is not UTF-8.
    Bytes(&'a [u8]),
    /// The number of an enum value.
    Enum(i32),
    /// A message or group.
    Message(View<'a>),
}

impl<'a> Value<'a> {
    /// The text of a `string`.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a `bytes` or `string`.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::String(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A `bool`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Any integer or enum number that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I32(value) | Self::Enum(value) => Some(i64::from(*value)),
            Self::I64(value) => Some(*value),
            Self::U32(value) => Some(i64::from(*value)),
            Self::U64(value) => i64::try_from(*value).ok(),
            _ => None,
        }
    }

    /// Any integer or enum number that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::U64(value) => Some(*value),
            _ => self.as_i64().and_then(|value| u64::try_from(value).ok()),
        }
    }

    /// A `float` or `double`.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::F32(value) => Some(f64::from(*value)),
            Self::F64(value) => Some(*value),
            _ => None,
        }
    }

    /// A message or group.
    #[must_use]
    pub fn as_message(&self) -> Option<View<'a>> {
        match self {
            Self::Message(view) => Some(*view),
            _ => None,
        }
    }
}

/// Messages are equal when they are of one type and their bytes are; floats compare by value, so NaN differs from NaN.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::I32(a), Self::I32(b)) | (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::I64(a), Self::I64(b)) => a == b,
            (Self::U32(a), Self::U32(b)) => a == b,
            (Self::U64(a), Self::U64(b)) => a == b,
            (Self::F32(a), Self::F32(b)) => a == b,
            (Self::F64(a), Self::F64(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Message(a), Self::Message(b)) => {
                a.table().id() == b.table().id() && a.bytes() == b.bytes()
            }
            _ => false,
        }
    }
}
