//! Writing a message anew in canonical form.

use std::{borrow::Cow, collections::HashMap};

use protoloop_schema::{Kind, MessageId};

use super::{Key, Role, entry_key, role};
use crate::{
    MessageTable, Tables, Writer,
    error::Flaw,
    scalar::{normalise, push_raw, raw_of, read_raw},
    tables::{FieldTable, WireType},
    varint::push_varint,
    wire::{Payload, Reader},
};

pub(super) fn rewrite(
    tables: &Tables,
    id: MessageId,
    bytes: &[u8],
    depth: usize,
) -> Result<Vec<u8>, Flaw> {
    let mut writer = Writer::with_capacity(bytes.len());
    message(tables, tables.message(id), bytes, depth, &mut writer)?;
    Ok(writer.finish())
}

/// A known record: index of its field, payload, and whether it is a packed list.
type Known<'a> = (usize, Payload<'a>, Role);

fn message(
    tables: &Tables,
    table: &MessageTable,
    bytes: &[u8],
    depth: usize,
    out: &mut Writer,
) -> Result<(), Flaw> {
    let mut known: Vec<Known<'_>> = Vec::new();
    let mut unknown = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        let raw = &bytes[record.start..reader.pos()];
        let Some(index) = table.index_of(record.number) else {
            unknown.extend_from_slice(raw);
            continue;
        };
        match role(tables, &table.fields()[index], &record.payload, depth)? {
            Role::Unknown => unknown.extend_from_slice(raw),
            role => known.push((index, record.payload, role)),
        }
    }
    settle_oneofs(table, &mut known);
    known.sort_by_key(|entry| entry.0);
    for run in known.chunk_by(|a, b| a.0 == b.0) {
        let field = &table.fields()[run[0].0];
        let depth = depth.saturating_sub(1);
        if field.is_map() {
            map(tables, field, run, depth, out)?;
        } else if !field.is_singular() {
            repeated(tables, field, run, depth, out, &mut unknown)?;
        } else {
            singular(tables, field, run, depth, out)?;
        }
    }
    out.raw(&unknown);
    Ok(())
}

/// Leaves of each oneof only the member set last, and of that what came after any other member.
fn settle_oneofs(table: &MessageTable, known: &mut Vec<Known<'_>>) {
    if table.oneofs() == 0 {
        return;
    }
    let mut winner: Vec<Option<usize>> = vec![None; table.oneofs()];
    let oneof_of = |index: usize| {
        table.fields()[index]
            .oneof()
            .filter(|oneof| *oneof < table.oneofs())
    };
    // From the back: the first member met wins; once another was met, everything before it is void.
    let mut closed = vec![false; table.oneofs()];
    let mut keep = vec![true; known.len()];
    for (position, (index, _, _)) in known.iter().enumerate().rev() {
        let Some(oneof) = oneof_of(*index) else {
            continue;
        };
        match winner[oneof] {
            None => winner[oneof] = Some(*index),
            Some(found) if found == *index => {}
            Some(_) => closed[oneof] = true,
        }
        keep[position] = !closed[oneof];
    }
    let mut position = 0;
    known.retain(|_| {
        position += 1;
        keep[position - 1]
    });
}

fn singular(
    tables: &Tables,
    field: &FieldTable,
    run: &[Known<'_>],
    depth: usize,
    out: &mut Writer,
) -> Result<(), Flaw> {
    if let Some(id) = field.message() {
        let merged = merge(run.iter().map(|(_, payload, _)| payload));
        return nested(tables, field, id, &merged, depth, out);
    }
    match run.last().map(|(_, payload, _)| *payload) {
        Some(Payload::Len([])) if field.is_implicit() => {}
        Some(Payload::Len(bytes)) => out.bytes(field.number(), bytes),
        Some(payload) => {
            if let Some(raw) = raw_of(&payload, field.wire_type()) {
                let raw = normalise(field.kind(), raw);
                if !(field.is_implicit() && raw == 0) {
                    scalar(field, raw, out.buffer());
                }
            }
        }
        None => {}
    }
    Ok(())
}

fn repeated(
    tables: &Tables,
    field: &FieldTable,
    run: &[Known<'_>],
    depth: usize,
    out: &mut Writer,
    unknown: &mut Vec<u8>,
) -> Result<(), Flaw> {
    if !field.is_packable() {
        for (_, payload, _) in run {
            match (field.message(), payload) {
                (Some(id), Payload::Len(bytes) | Payload::Group(bytes)) => {
                    nested(tables, field, id, bytes, depth, out)?;
                }
                (_, Payload::Len(bytes)) => out.bytes(field.number(), bytes),
                _ => {}
            }
        }
        return Ok(());
    }
    let packed = field.is_packed().then(|| out.open(field.number()));
    for (_, payload, role) in run {
        let mut element = |raw: u64| {
            let raw = normalise(field.kind(), raw);
            let known = field
                .closed_enum()
                .is_none_or(|id| tables.enumeration(id).accepts(raw as i32));
            if !known {
                scalar(field, raw, unknown);
            } else if packed.is_some() {
                push_raw(out.buffer(), field.wire_type(), raw);
            } else {
                scalar(field, raw, out.buffer());
            }
        };
        match (role, payload) {
            (Role::Packed, Payload::Len(bytes)) => {
                let mut reader = Reader::new(bytes);
                while !reader.is_empty() {
                    element(read_raw(&mut reader, field.wire_type())?);
                }
            }
            (_, payload) => {
                if let Some(raw) = raw_of(payload, field.wire_type()) {
                    element(raw);
                }
            }
        }
    }
    if let Some(open) = packed {
        if out.is_open_empty(&open) {
            out.cancel(open);
        } else {
            out.close(open);
        }
    }
    Ok(())
}

/// Entries with key and value written out, of each key the last one.
fn map(
    tables: &Tables,
    field: &FieldTable,
    run: &[Known<'_>],
    depth: usize,
    out: &mut Writer,
) -> Result<(), Flaw> {
    let Some(id) = field.message() else {
        return Ok(());
    };
    let table = tables.message(id);
    let mut last: HashMap<Key<'_>, usize> = HashMap::with_capacity(run.len());
    for (position, (_, payload, _)) in run.iter().enumerate() {
        if let Payload::Len(entry) = payload {
            last.insert(entry_key(table, entry)?, position);
        }
    }
    for (position, (_, payload, _)) in run.iter().enumerate() {
        if let Payload::Len(bytes) = payload
            && last.get(&entry_key(table, bytes)?) == Some(&position)
        {
            let open = out.open_tagged(field.tag());
            entry(tables, table, bytes, depth, out)?;
            out.close(open);
        }
    }
    Ok(())
}

fn entry(
    tables: &Tables,
    table: &MessageTable,
    bytes: &[u8],
    depth: usize,
    out: &mut Writer,
) -> Result<(), Flaw> {
    let (Some(key), Some(value)) = (table.field(1), table.field(2)) else {
        return Ok(());
    };
    match entry_key(table, bytes)? {
        Key::Bits(raw) => scalar(key, raw, out.buffer()),
        Key::Text(text) => out.bytes(1, text),
    }
    let mut parts = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some(record) = reader.record()? {
        if record.number == 2 && role(tables, value, &record.payload, depth)? == Role::Value {
            parts.push(record.payload);
        }
    }
    if let Some(id) = value.message() {
        return nested(
            tables,
            value,
            id,
            &merge(parts.iter()),
            depth.saturating_sub(1),
            out,
        );
    }
    match parts.last() {
        Some(Payload::Len(bytes)) => out.bytes(2, bytes),
        Some(payload) => {
            let raw = raw_of(payload, value.wire_type()).unwrap_or(0);
            scalar(value, normalise(value.kind(), raw), out.buffer());
        }
        None if value.wire_type() == WireType::Len => out.bytes(2, &[]),
        None => {
            let raw = match value.kind() {
                Kind::Enum(id) => i64::from(tables.enumeration(id).default_number()) as u64,
                _ => 0,
            };
            scalar(value, raw, out.buffer());
        }
    }
    Ok(())
}

fn nested(
    tables: &Tables,
    field: &FieldTable,
    id: MessageId,
    bytes: &[u8],
    depth: usize,
    out: &mut Writer,
) -> Result<(), Flaw> {
    if field.wire_type() == WireType::StartGroup {
        out.raw(field.tag());
        message(tables, tables.message(id), bytes, depth, out)?;
        push_varint(out.buffer(), field.end_tag());
        return Ok(());
    }
    let open = out.open_tagged(field.tag());
    message(tables, tables.message(id), bytes, depth, out)?;
    out.close(open);
    Ok(())
}

/// The concatenation of message payloads, which is how protobuf merges them.
fn merge<'p, 'a: 'p>(payloads: impl Iterator<Item = &'p Payload<'a>>) -> Cow<'a, [u8]> {
    let mut merged = Cow::Borrowed(&[][..]);
    for payload in payloads {
        let (Payload::Len(bytes) | Payload::Group(bytes)) = *payload else {
            continue;
        };
        if merged.is_empty() {
            merged = Cow::Borrowed(bytes);
        } else {
            merged.to_mut().extend_from_slice(bytes);
        }
    }
    merged
}

fn scalar(field: &FieldTable, raw: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(field.tag());
    push_raw(out, field.wire_type(), raw);
}
