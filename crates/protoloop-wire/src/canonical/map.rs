//! Map entries: their keys, and whether a key occurs twice.

use crate::{
    MessageTable, Tables,
    error::Flaw,
    scalar::{normalise, raw_of},
    tables::FieldTable,
    wire::{Payload, Reader},
};

/// The key of a map entry, comparable and hashable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key<'a> {
    /// Raw bits of an integer or bool.
    Bits(u64),
    Text(&'a [u8]),
}

/// The key of an encoded entry; the default of its kind where it is left out.
pub(crate) fn entry_key<'a>(table: &MessageTable, entry: &'a [u8]) -> Result<Key<'a>, Flaw> {
    let Some(field) = table.field(1) else {
        return Ok(Key::Bits(0));
    };
    let is_text = field.wire_type() == crate::WireType::Len;
    let mut key = if is_text {
        Key::Text(&[])
    } else {
        Key::Bits(0)
    };
    let mut reader = Reader::new(entry);
    while let Some(record) = reader.record()? {
        if record.number != 1 {
            // Keys come first in every encoder; what follows the value is read all the same.
            continue;
        }
        match record.payload {
            Payload::Len(text) if is_text => key = Key::Text(text),
            payload => {
                if let Some(raw) = raw_of(&payload, field.wire_type()) {
                    key = Key::Bits(normalise(field.kind(), raw));
                }
            }
        }
    }
    Ok(key)
}

/// Whether an entry has no value but numbers that its closed enum does not declare: then it is an unknown field.
pub(crate) fn has_unknown_value(
    tables: &Tables,
    field: &FieldTable,
    entry: &[u8],
) -> Result<bool, Flaw> {
    let Some(value) = field.message().and_then(|id| tables.message(id).field(2)) else {
        return Ok(false);
    };
    let Some(closed) = value.closed_enum() else {
        return Ok(false);
    };
    let mut unknown = false;
    let mut reader = Reader::new(entry);
    while let Some(record) = reader.record()? {
        if let (2, Payload::Varint(raw)) = (record.number, record.payload) {
            if tables.enumeration(closed).accepts(raw as i32) {
                return Ok(false);
            }
            unknown = true;
        }
    }
    Ok(unknown)
}

/// Whether a key occurs twice among the entries of a field in a message.
pub(crate) fn has_duplicates(
    tables: &Tables,
    field: &FieldTable,
    message: &[u8],
) -> Result<bool, Flaw> {
    let Some(id) = field.message() else {
        return Ok(false);
    };
    let table = tables.message(id);
    let mut keys = Vec::new();
    let mut reader = Reader::new(message);
    while let Some(record) = reader.record()? {
        if let (true, Payload::Len(entry)) = (record.number == field.number(), record.payload)
            && !has_unknown_value(tables, field, entry)?
        {
            keys.push(entry_key(table, entry)?);
        }
    }
    keys.sort_unstable();
    Ok(keys.windows(2).any(|pair| pair[0] == pair[1]))
}
