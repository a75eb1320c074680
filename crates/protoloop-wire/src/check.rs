//! Whether bytes are a well-formed message.

use protoloop_schema::{Kind, MessageId};

use crate::{
    MessageTable, Tables,
    error::{WireError, WireErrorKind},
    scalar::read_raw,
    tables::FieldTable,
    wire::{Payload, Reader, Record},
};

/// What a message may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep messages may nest.
    pub depth: usize,
    /// How many bytes the message may have.
    pub size: usize,
}

impl Default for Limits {
    /// 100 levels, 4 MiB: what gRPC implementations take.
    fn default() -> Self {
        Self {
            depth: 100,
            size: 4 << 20,
        }
    }
}

/// Checks that `bytes` are a well-formed message of type `id`: whole records, valid tags, matched groups, UTF-8 in
/// proto3 strings, whole packed lists, at every depth.
///
/// A known field of another wire type is an unknown field, as protobuf says, and no error.
///
/// # Errors
/// Names the field's path and the byte offset.
pub fn check(
    tables: &Tables,
    id: MessageId,
    bytes: &[u8],
    limits: &Limits,
) -> Result<(), WireError> {
    if bytes.len() > limits.size {
        return Err(WireErrorKind::TooLarge.at(limits.size).into());
    }
    message(tables, tables.message(id), bytes, limits.depth)
}

fn message(
    tables: &Tables,
    table: &MessageTable,
    bytes: &[u8],
    depth: usize,
) -> Result<(), WireError> {
    let mut reader = Reader::new(bytes);
    loop {
        let before = reader.pos();
        match reader.record() {
            Ok(None) => return Ok(()),
            Ok(Some(record)) => {
                let Some(field) = table.field(record.number) else {
                    continue;
                };
                if let Err(error) = value(tables, field, &record, depth) {
                    let index = (!field.is_singular())
                        .then(|| occurrence(bytes, record.number, record.start));
                    return Err(error.under(field.name(), index, record.body));
                }
            }
            Err(flaw) => return Err(at_field(table, bytes, before, flaw.into())),
        }
    }
}

fn value(
    tables: &Tables,
    field: &FieldTable,
    record: &Record<'_>,
    depth: usize,
) -> Result<(), WireError> {
    match (field.kind(), record.payload) {
        (Kind::String, Payload::Len(bytes)) if field.is_strict_utf8() => {
            match std::str::from_utf8(bytes) {
                Ok(_) => Ok(()),
                Err(error) => Err(WireErrorKind::InvalidUtf8.at(error.valid_up_to()).into()),
            }
        }
        (Kind::Message(id), Payload::Len(bytes)) | (Kind::Group(id), Payload::Group(bytes)) => {
            if depth == 0 {
                return Err(WireErrorKind::TooDeep.at(0).into());
            }
            message(tables, tables.message(id), bytes, depth - 1)
        }
        (_, Payload::Len(bytes)) if field.is_packable() => {
            let mut reader = Reader::new(bytes);
            while !reader.is_empty() {
                read_raw(&mut reader, field.wire_type())?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// How many elements of the field stand before the record at `start`; for messages only, whose path needs it.
fn occurrence(bytes: &[u8], number: u32, start: usize) -> usize {
    let mut reader = Reader::new(bytes);
    let mut count = 0;
    while let Ok(Some(record)) = reader.record() {
        if record.start >= start {
            break;
        }
        count += usize::from(record.number == number);
    }
    count
}

/// Names the field whose record is broken, where at least its tag can be read.
fn at_field(table: &MessageTable, bytes: &[u8], start: usize, error: WireError) -> WireError {
    let named = bytes
        .get(start..)
        .and_then(|rest| Reader::new(rest).tag().ok())
        .and_then(|(number, _)| table.field(number));
    match named {
        Some(field) => error.under(field.name(), None, 0),
        None => error,
    }
}
