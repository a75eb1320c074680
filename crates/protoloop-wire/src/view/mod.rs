//! Reading the fields of an encoded message in place.

mod iter;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt};

use protoloop_schema::{Kind, MessageId};

pub use iter::{MapIter, RepeatedIter};

use crate::{
    MessageTable, Tables, Value,
    scalar::{raw_of, value_of},
    tables::FieldTable,
    wire::{Payload, Reader, Record},
};

/// A message in its encoded form, with its table.
///
/// Reading scans the bytes; nothing is decoded ahead and nothing allocates. Bytes that are not well-formed read as if
/// they ended at the flaw: run [`check`](crate::check()) on input first.
///
/// A singular message field that occurs several times means the merge of its parts. [`canonicalize`](crate::canonicalize)
/// joins them; on other bytes [`View::message`] reads the last part only, and [`View::message_merged`] all of them.
#[derive(Clone, Copy)]
pub struct View<'a> {
    tables: &'a Tables,
    table: &'a MessageTable,
    bytes: &'a [u8],
}

impl<'a> View<'a> {
    /// A view of `bytes` as the message `id`.
    #[must_use]
    pub fn new(tables: &'a Tables, id: MessageId, bytes: &'a [u8]) -> Self {
        Self {
            tables,
            table: tables.message(id),
            bytes,
        }
    }

    /// The table of the message.
    #[must_use]
    pub fn table(&self) -> &'a MessageTable {
        self.table
    }

    /// The tables it reads with.
    #[must_use]
    pub fn tables(&self) -> &'a Tables {
        self.tables
    }

    /// The encoded message.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The value of a singular field where it is present; the last one where it occurs several times.
    ///
    /// `None` when absent, when the number is unknown and for repeated and map fields. Defaults are not applied: see the
    /// typed getters ([`View::string`], [`View::i64`] …).
    #[must_use]
    pub fn get(&self, number: u32) -> Option<Value<'a>> {
        let field = self.table.field(number)?;
        if !field.is_singular() {
            return None;
        }
        let mut found = None;
        for record in self.records() {
            if record.number == number {
                if let Some(value) = self.value(field, &record.payload) {
                    found = Some(value);
                }
            } else if found.is_some() && self.clears(field, &record) {
                found = None;
            }
        }
        found
    }

    /// Whether a singular field is present, or a repeated or map field has an element.
    ///
    /// A field without presence (proto3 without `optional`) is present when its value is not the default.
    #[must_use]
    pub fn has(&self, number: u32) -> bool {
        let Some(field) = self.table.field(number) else {
            return false;
        };
        if field.is_map() {
            return self.map(number).next().is_some();
        }
        if !field.is_singular() {
            return self.repeated(number).next().is_some();
        }
        match self.get(number) {
            Some(value) if field.is_implicit() => !is_default(&value),
            found => found.is_some(),
        }
    }

    /// The message in a singular message field.
    #[must_use]
    pub fn message(&self, number: u32) -> Option<Self> {
        self.get(number)?.as_message()
    }

    /// The bytes of a singular message field, joined where it occurs several times; borrowed where it occurs once.
    #[must_use]
    pub fn message_merged(&self, number: u32) -> Option<Cow<'a, [u8]>> {
        let field = self.table.field(number)?;
        let mut merged: Option<Cow<'a, [u8]>> = None;
        for record in self.records() {
            if record.number == number {
                if let Some(part) = self
                    .value(field, &record.payload)
                    .and_then(|value| value.as_message())
                {
                    merged = Some(match merged.take() {
                        None => Cow::Borrowed(part.bytes),
                        Some(before) => {
                            let mut joined = before.into_owned();
                            joined.extend_from_slice(part.bytes);
                            Cow::Owned(joined)
                        }
                    });
                }
            } else if merged.is_some() && self.clears(field, &record) {
                merged = None;
            }
        }
        merged
    }

    /// The value at a path of singular fields; `None` when a field on the way is absent.
    #[must_use]
    pub fn path(&self, path: &[u32]) -> Option<Value<'a>> {
        let (last, parents) = path.split_last()?;
        let mut view = *self;
        for number in parents {
            view = view.message(*number)?;
        }
        view.get(*last)
    }

    /// The elements of a repeated field, packed and unpacked ones alike, in order. Empty for any other field.
    #[must_use]
    pub fn repeated(&self, number: u32) -> RepeatedIter<'a> {
        let field = self
            .table
            .field(number)
            .filter(|field| !field.is_singular());
        RepeatedIter::new(*self, field)
    }

    /// The entries of a map field, in order of the wire; where a key occurs several times the last one counts, and all
    /// of them are given. Empty for any other field.
    #[must_use]
    pub fn map(&self, number: u32) -> MapIter<'a> {
        MapIter::new(self.repeated(number), self.table.field(number))
    }

    /// The number of the member that is set of the oneof `index` (its position in the schema's message).
    #[must_use]
    pub fn which_oneof(&self, index: usize) -> Option<u32> {
        let mut found = None;
        for record in self.records() {
            let Some(field) = self.table.field(record.number) else {
                continue;
            };
            if field.oneof() == Some(index) && self.value(field, &record.payload).is_some() {
                found = Some(record.number);
            }
        }
        found
    }

    /// The fields as they stand on the wire, unknown ones included: number, and the bytes from the tag to the end.
    pub fn raw_fields(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let bytes = self.bytes;
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(move || {
            let record = reader.record().ok().flatten()?;
            Some((record.number, &bytes[record.start..reader.pos()]))
        })
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        let mut reader = Reader::new(self.bytes);
        std::iter::from_fn(move || reader.record().ok().flatten())
    }

    /// Whether a record sets another member of the oneof of `field`.
    fn clears(&self, field: &FieldTable, record: &Record<'_>) -> bool {
        let Some(oneof) = field.oneof() else {
            return false;
        };
        self.table.field(record.number).is_some_and(|other| {
            other.oneof() == Some(oneof) && self.value(other, &record.payload).is_some()
        })
    }

    /// The value of a payload as one value of the field; `None` where the payload is an unknown field by its wire type
    /// or by an undeclared number of a closed enum.
    pub(crate) fn value(&self, field: &FieldTable, payload: &Payload<'a>) -> Option<Value<'a>> {
        Some(match (field.kind(), payload) {
            (Kind::String, Payload::Len(bytes)) => match std::str::from_utf8(bytes) {
                Ok(text) => Value::String(text),
                Err(_) => Value::Bytes(bytes),
            },
            (Kind::Bytes, Payload::Len(bytes)) => Value::Bytes(bytes),
            (Kind::Message(id), Payload::Len(bytes)) | (Kind::Group(id), Payload::Group(bytes)) => {
                Value::Message(View::new(self.tables, id, bytes))
            }
            (kind, payload) => {
                let raw = raw_of(payload, field.wire_type())?;
                if let Some(id) = field.closed_enum()
                    && !self.tables.enumeration(id).accepts(raw as i32)
                {
                    return None;
                }
                value_of(kind, raw)
            }
        })
    }
}

macro_rules! getters {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $pattern:pat => $value:expr, or $default:expr;)*) => {
        impl<'a> View<'a> {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self, number: u32) -> $type {
                    match self.get(number) {
                        Some($pattern) => $value,
                        _ => $default,
                    }
                }
            )*
        }
    };
}

getters! {
    /// A `string`; empty when absent.
    string: &'a str = Value::String(text) => text, or "";
    /// A `bytes`; empty when absent.
    bytes_field: &'a [u8] = Value::Bytes(bytes) => bytes, or &[];
    /// A `bool`; false when absent.
    bool: bool = Value::Bool(value) => value, or false;
    /// An `int32`, `sint32` or `sfixed32`; 0 when absent.
    i32: i32 = Value::I32(value) => value, or 0;
    /// An `int64`, `sint64` or `sfixed64`; 0 when absent.
    i64: i64 = Value::I64(value) => value, or 0;
    /// A `uint32` or `fixed32`; 0 when absent.
    u32: u32 = Value::U32(value) => value, or 0;
    /// A `uint64` or `fixed64`; 0 when absent.
    u64: u64 = Value::U64(value) => value, or 0;
    /// The number of an enum value; 0 when absent.
    enumeration: i32 = Value::Enum(value) => value, or 0;
}

/// Whether a scalar is the proto3 default of its kind. A negative zero is not.
pub(crate) fn is_default(value: &Value<'_>) -> bool {
    match value {
        Value::Bool(value) => !value,
        Value::I32(value) | Value::Enum(value) => *value == 0,
        Value::I64(value) => *value == 0,
        Value::U32(value) => *value == 0,
        Value::U64(value) => *value == 0,
        Value::F32(value) => value.to_bits() == 0,
        Value::F64(value) => value.to_bits() == 0,
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::Message(_) => false,
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("message", &self.table.full_name())
            .field("bytes", &self.bytes)
            .finish()
    }
}
