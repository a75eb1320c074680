//! Reading properties of an encoded row.

use std::cmp::Ordering;

use protoloop_schema::{Presence, WellKnown};
use protoloop_wire::{Value as WireValue, View, map_key};

use crate::{Key, KeyValue, LeafKind, Model, PropertyPath, Step, Value};

impl Model {
    /// The value of a property of a row; [`Value::Null`] where it is absent, and for lists, maps and messages.
    #[must_use]
    pub fn value_of(&self, row: &[u8], path: &PropertyPath) -> Value {
        scalar(&self.view(row), path).to_value()
    }
}

/// One value of a property, borrowed from the row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    String(&'a str),
    Bytes(&'a [u8]),
    Enum(i32),
    Timestamp { seconds: i64, nanos: i32 },
    Duration { seconds: i64, nanos: i32 },
}

impl Scalar<'_> {
    /// As [`Value::compare`].
    pub(crate) fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Self::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Self::Bytes(a), Value::Bytes(b)) => Some((*a).cmp(b)),
            (Self::String(_) | Self::Bytes(_), _) => None,
            // No other kind owns memory, so the copy is free.
            _ => self.to_value().compare(other),
        }
    }

    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::I64(value) => Value::I64(value),
            Self::U64(value) => Value::U64(value),
            Self::F64(value) => Value::F64(value),
            Self::String(value) => Value::String(value.to_owned()),
            Self::Bytes(value) => Value::Bytes(value.to_vec()),
            Self::Enum(value) => Value::Enum(value),
            Self::Timestamp { seconds, nanos } => Value::Timestamp { seconds, nanos },
            Self::Duration { seconds, nanos } => Value::Duration { seconds, nanos },
        }
    }
}

/// The value at a single leaf.
pub(crate) fn scalar<'a>(row: &View<'a>, path: &PropertyPath) -> Scalar<'a> {
    let Some((parent, last)) = parent(row, path) else {
        return Scalar::Null;
    };
    let leaf = path.leaf();
    let found = match last {
        Place::Field(number) => parent.get(number),
        Place::MapValue(value) => Some(value),
    };
    if let Some(from) = path.from() {
        let message = found.and_then(|value| value.as_message());
        let place = message.and_then(|message| crate::Place::of(&message));
        return place.map_or(Scalar::Null, |place| Scalar::F64(from.distance(place)));
    }
    match found {
        Some(value) => of_wire(value, leaf.kind),
        None if leaf.presence == Presence::Implicit => default(leaf.kind),
        None => Scalar::Null,
    }
}

/// Whether the property is present: set, or with at least one element.
pub(crate) fn has(row: &View<'_>, path: &PropertyPath) -> bool {
    match parent(row, path) {
        None => false,
        // A value of any type may be JSON's null, which is absence.
        Some((_, Place::MapValue(WireValue::Message(value)))) => {
            !(value.table().well_known() == Some(WellKnown::Value) && value.has(1))
        }
        Some((_, Place::MapValue(_))) => true,
        Some((parent, Place::Field(number))) => parent.has(number),
    }
}

/// The message and field number at the end of a path to a list or map.
pub(crate) fn many<'a>(row: &View<'a>, path: &PropertyPath) -> Option<(View<'a>, u32)> {
    match parent(row, path)? {
        (parent, Place::Field(number)) => Some((parent, number)),
        (_, Place::MapValue(_)) => None,
    }
}

/// What the last step of a path leads to.
enum Place<'a> {
    Field(u32),
    MapValue(WireValue<'a>),
}

/// Walks to the last step; `None` when something on the way is absent.
fn parent<'a>(row: &View<'a>, path: &PropertyPath) -> Option<(View<'a>, Place<'a>)> {
    let mut view = *row;
    let mut steps = path.steps().iter().peekable();
    while let Some(step) = steps.next() {
        let Step::Field(number) = step else {
            return None;
        };
        match steps.peek() {
            None => return Some((view, Place::Field(*number))),
            Some(Step::Field(_)) => view = view.message(*number)?,
            Some(Step::MapKey(key)) => {
                let value = map_value(&view, *number, key)?;
                steps.next();
                if steps.peek().is_none() {
                    return Some((view, Place::MapValue(value)));
                }
                view = value.as_message()?;
            }
        }
    }
    None
}

fn map_value<'a>(view: &View<'a>, number: u32, key: &str) -> Option<WireValue<'a>> {
    view.map(number)
        .filter(|(found, _)| map_key::is(found, key))
        .last()
        .map(|(_, value)| value)
}

/// A value on the wire as what a leaf of this kind holds.
pub(crate) fn of_wire<'a>(value: WireValue<'a>, kind: LeafKind) -> Scalar<'a> {
    match value {
        WireValue::Bool(value) => Scalar::Bool(value),
        WireValue::I32(value) => Scalar::I64(value.into()),
        WireValue::I64(value) => Scalar::I64(value),
        WireValue::U32(value) => Scalar::U64(value.into()),
        WireValue::U64(value) => Scalar::U64(value),
        WireValue::F32(value) => Scalar::F64(value.into()),
        WireValue::F64(value) => Scalar::F64(value),
        WireValue::String(value) => Scalar::String(value),
        WireValue::Bytes(value) => Scalar::Bytes(value),
        WireValue::Enum(value) => Scalar::Enum(value),
        WireValue::Message(message) => match kind {
            LeafKind::Timestamp => Scalar::Timestamp {
                seconds: message.i64(1),
                nanos: message.i32(2),
            },
            LeafKind::Duration => Scalar::Duration {
                seconds: message.i64(1),
                nanos: message.i32(2),
            },
            LeafKind::Message(_) => Scalar::Null,
            // A wrapper: its one field is number 1, and unset it holds its default.
            kind => match message.get(1) {
                Some(WireValue::Message(_)) => Scalar::Null,
                Some(inner) => of_wire(inner, kind),
                None => default(kind),
            },
        },
    }
}

fn default(kind: LeafKind) -> Scalar<'static> {
    match kind {
        LeafKind::Bool => Scalar::Bool(false),
        LeafKind::Int32 | LeafKind::Int64 => Scalar::I64(0),
        LeafKind::Uint32 | LeafKind::Uint64 => Scalar::U64(0),
        LeafKind::Float | LeafKind::Double => Scalar::F64(0.0),
        LeafKind::String => Scalar::String(""),
        LeafKind::Bytes => Scalar::Bytes(&[]),
        LeafKind::Enum(_) => Scalar::Enum(0),
        LeafKind::Timestamp | LeafKind::Duration | LeafKind::Message(_) => Scalar::Null,
    }
}

/// The key that values of the key fields make; `None` when one of them can be no key.
pub(crate) fn to_key(values: &[Value]) -> Option<Key> {
    let values: Option<Vec<KeyValue>> = values.iter().map(KeyValue::of).collect();
    Key::new(values?)
}
