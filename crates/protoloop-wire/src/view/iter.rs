//! Iterators over repeated and map fields.

use protoloop_schema::Kind;

use super::View;
use crate::{
    Value,
    scalar::{read_raw, value_of},
    tables::FieldTable,
    wire::{Payload, Reader},
};

/// The elements of a repeated field; made by [`View::repeated`].
#[derive(Clone, Debug)]
pub struct RepeatedIter<'a> {
    view: View<'a>,
    field: Option<&'a FieldTable>,
    records: Reader<'a>,
    /// What is left of the packed record being read.
    packed: Reader<'a>,
}

impl<'a> RepeatedIter<'a> {
    pub(super) fn new(view: View<'a>, field: Option<&'a FieldTable>) -> Self {
        Self {
            view,
            field,
            records: Reader::new(view.bytes),
            packed: Reader::new(&[]),
        }
    }

    fn next_packed(&mut self, field: &FieldTable) -> Option<Value<'a>> {
        while !self.packed.is_empty() {
            let Ok(raw) = read_raw(&mut self.packed, field.wire_type()) else {
                self.packed = Reader::new(&[]);
                return None;
            };
            let known = field
                .closed_enum()
                .is_none_or(|id| self.view.tables.enumeration(id).accepts(raw as i32));
            if known {
                return Some(value_of(field.kind(), raw));
            }
        }
        None
    }
}

impl<'a> Iterator for RepeatedIter<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.field?;
        loop {
            if let Some(value) = self.next_packed(field) {
                return Some(value);
            }
            let record = self.records.record().ok().flatten()?;
            if record.number != field.number() {
                continue;
            }
            match record.payload {
                Payload::Len(bytes) if field.is_packable() => self.packed = Reader::new(bytes),
                payload => {
                    if let Some(value) = self.view.value(field, &payload) {
                        return Some(value);
                    }
                }
            }
        }
    }
}

/// The entries of a map field; made by [`View::map`]. A missing key or value is given as the default of its kind.
#[derive(Clone, Debug)]
pub struct MapIter<'a> {
    entries: RepeatedIter<'a>,
    is_map: bool,
}

impl<'a> MapIter<'a> {
    pub(super) fn new(entries: RepeatedIter<'a>, field: Option<&FieldTable>) -> Self {
        Self {
            entries,
            is_map: field.is_some_and(FieldTable::is_map),
        }
    }
}

impl<'a> Iterator for MapIter<'a> {
    type Item = (Value<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.is_map {
            return None;
        }
        loop {
            let entry = self.entries.next()?.as_message()?;
            let value = entry.table().field(2)?;
            let unknown_value = entry.get(2).is_none()
                && entry.records().any(|record| {
                    record.number == 2 && record.payload.wire_type() == value.wire_type()
                });
            // An entry whose value is an undeclared number of a closed enum is an unknown field as a whole.
            if unknown_value {
                continue;
            }
            return Some((or_default(&entry, 1)?, or_default(&entry, 2)?));
        }
    }
}

fn or_default<'a>(entry: &View<'a>, number: u32) -> Option<Value<'a>> {
    let field = entry.table().field(number)?;
    Some(entry.get(number).unwrap_or_else(|| match field.kind() {
        Kind::String => Value::String(""),
        Kind::Bytes => Value::Bytes(&[]),
        Kind::Message(id) | Kind::Group(id) => Value::Message(View::new(entry.tables(), id, &[])),
        Kind::Enum(id) => Value::Enum(entry.tables().enumeration(id).default_number()),
        kind => value_of(kind, 0),
    }))
}
