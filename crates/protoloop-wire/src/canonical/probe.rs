//! Whether bytes are canonical already: one pass, no allocation in the common case.

use protoloop_schema::{Kind, MessageId};

use super::{Key, Role, entry_key, map::has_duplicates, role};
use crate::{
    MessageTable, Tables,
    error::Flaw,
    scalar::{is_minimal, raw_of, read_raw},
    tables::FieldTable,
    varint::varint_len,
    wire::{Payload, Reader, Record},
};

pub(super) fn is_canonical(
    tables: &Tables,
    id: MessageId,
    bytes: &[u8],
    depth: usize,
) -> Result<bool, Flaw> {
    let table = tables.message(id);
    let mut probe = Probe {
        tables,
        table,
        bytes,
        depth,
        last: None,
        oneofs: 0,
        unknown: false,
        last_key: None,
    };
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        if !probe.record(&record, reader.pos())? {
            return Ok(false);
        }
    }
    Ok(true)
}

struct Probe<'a> {
    tables: &'a Tables,
    table: &'a MessageTable,
    bytes: &'a [u8],
    depth: usize,
    /// Index of the field seen last.
    last: Option<usize>,
    /// One bit per oneof that was set.
    oneofs: u128,
    unknown: bool,
    /// The key of the map entry before; `None` once the keys of the run are known to differ.
    last_key: Option<Key<'a>>,
}

impl<'a> Probe<'a> {
    fn record(&mut self, record: &Record<'a>, end: usize) -> Result<bool, Flaw> {
        let Some(index) = self.table.index_of(record.number) else {
            self.unknown = true;
            return Ok(true);
        };
        let field = &self.table.fields()[index];
        let role = role(self.tables, field, &record.payload, self.depth)?;
        if role == Role::Unknown {
            self.unknown = true;
            return Ok(true);
        }
        let again = self.last == Some(index);
        let in_order = self.last.is_none_or(|last| last <= index)
            && !(again && (field.is_singular() || field.is_packed()))
            && !self.unknown;
        if !in_order || !self.claims_oneof(field) {
            return Ok(false);
        }
        if field.is_map() && !again {
            self.last_key = None;
        }
        self.last = Some(index);
        match role {
            Role::Packed => self.packed(field, record),
            _ => self.value(field, record, end, again),
        }
    }

    /// Marks the oneof of a field as set; false where it was set before, or lies beyond the marks.
    fn claims_oneof(&mut self, field: &FieldTable) -> bool {
        let Some(oneof) = field.oneof() else {
            return true;
        };
        let Some(bit) = 1u128.checked_shl(oneof as u32) else {
            return false;
        };
        let free = self.oneofs & bit == 0;
        self.oneofs |= bit;
        free
    }

    fn packed(&self, field: &FieldTable, record: &Record<'_>) -> Result<bool, Flaw> {
        let Payload::Len(bytes) = record.payload else {
            return Ok(false);
        };
        if !field.is_packed() || bytes.is_empty() || !has_plain_prefix(field, record, bytes.len()) {
            return Ok(false);
        }
        let mut reader = Reader::new(bytes);
        while !reader.is_empty() {
            let start = reader.pos();
            let raw = read_raw(&mut reader, field.wire_type())?;
            let known = field
                .closed_enum()
                .is_none_or(|id| self.tables.enumeration(id).accepts(raw as i32));
            if !known || !is_minimal(field, raw, reader.pos() - start) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn value(
        &mut self,
        field: &FieldTable,
        record: &Record<'a>,
        end: usize,
        again: bool,
    ) -> Result<bool, Flaw> {
        match (field.kind(), record.payload) {
            (Kind::Message(id), Payload::Len(bytes)) => {
                if !has_plain_prefix(field, record, bytes.len()) {
                    return Ok(false);
                }
                if field.is_map() {
                    return self.entry(field, id, bytes, again);
                }
                is_canonical(self.tables, id, bytes, self.depth - 1)
            }
            (Kind::Group(id), Payload::Group(bytes)) => {
                let tags = end - record.start - bytes.len();
                Ok(tags == 2 * field.tag().len()
                    && is_canonical(self.tables, id, bytes, self.depth - 1)?)
            }
            (_, Payload::Len(bytes)) => Ok(has_plain_prefix(field, record, bytes.len())
                && !(field.is_implicit() && bytes.is_empty())),
            (_, payload) => {
                let Some(raw) = raw_of(&payload, field.wire_type()) else {
                    return Ok(false);
                };
                Ok(!field.is_packed()
                    && record.body - record.start == field.tag().len()
                    && !(field.is_implicit() && raw == 0)
                    && is_minimal(field, raw, end - record.body))
            }
        }
    }

    /// An entry with at most one key and then at most one value, and a key that did not occur before.
    fn entry(
        &mut self,
        field: &FieldTable,
        id: MessageId,
        bytes: &'a [u8],
        again: bool,
    ) -> Result<bool, Flaw> {
        let table = self.tables.message(id);
        if !is_canonical(self.tables, id, bytes, self.depth - 1)? {
            return Ok(false);
        }
        let key = entry_key(table, bytes)?;
        if again {
            let Some(before) = self.last_key else {
                return Ok(true);
            };
            if key <= before {
                self.last_key = None;
                return Ok(!has_duplicates(self.tables, field, self.bytes)?);
            }
        }
        self.last_key = Some(key);
        Ok(true)
    }
}

/// Whether tag and length take as few bytes as they can.
fn has_plain_prefix(field: &FieldTable, record: &Record<'_>, len: usize) -> bool {
    record.body - record.start == field.tag().len() + varint_len(len as u64)
}
