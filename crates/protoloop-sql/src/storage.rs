//! What a column holds.

use protoloop_repository::{Leaf, LeafKind, LeafShape};

use crate::Scalar;

/// What a column holds; the [`Dialect`](crate::Dialect) says how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Storage {
    /// `bool`.
    Bool,
    /// Every signed integer type, and the number of an enum value.
    Int,
    /// `uint32` and `fixed32`.
    Uint32,
    /// `uint64` and `fixed64`.
    Uint64,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `string`.
    Text,
    /// `bytes`.
    Bytes,
    /// `google.protobuf.Timestamp`.
    Timestamp,
    /// `google.protobuf.Duration`.
    Duration,
    /// Lists, maps and all other messages, as ProtoJSON with proto names and enum numbers.
    Json,
}

impl Storage {
    /// How a column of this leaf is stored. A wrapper such as `StringValue` is stored as what it wraps.
    #[must_use]
    pub fn of(leaf: &Leaf) -> Self {
        match leaf.shape {
            LeafShape::Single => Self::of_kind(leaf.kind),
            LeafShape::List | LeafShape::Map => Self::Json,
        }
    }

    /// How one value of a kind is stored.
    #[must_use]
    pub fn of_kind(kind: LeafKind) -> Self {
        match kind {
            LeafKind::Bool => Self::Bool,
            LeafKind::Int32 | LeafKind::Int64 | LeafKind::Enum(_) => Self::Int,
            LeafKind::Uint32 => Self::Uint32,
            LeafKind::Uint64 => Self::Uint64,
            LeafKind::Float => Self::Float,
            LeafKind::Double => Self::Double,
            LeafKind::String => Self::Text,
            LeafKind::Bytes => Self::Bytes,
            LeafKind::Timestamp => Self::Timestamp,
            LeafKind::Duration => Self::Duration,
            LeafKind::Message(_) => Self::Json,
        }
    }

    /// The value of a field without presence that was not set; `None` where every field has presence.
    #[must_use]
    pub fn default(self) -> Option<Scalar<'static>> {
        Some(match self {
            Self::Bool => Scalar::Bool(false),
            Self::Int => Scalar::Int(0),
            Self::Uint32 | Self::Uint64 => Scalar::Uint(0),
            Self::Float | Self::Double => Scalar::Float(0.0),
            Self::Text => Scalar::Text(""),
            Self::Bytes => Scalar::Bytes(&[]),
            Self::Timestamp | Self::Duration | Self::Json => return None,
        })
    }

    /// Whether it is a floating point number, of which NaN compares with nothing.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::Float | Self::Double)
    }
}
