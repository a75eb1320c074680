//! Scalars as they stand on the wire: 64 raw bits and a kind.

use protoloop_schema::Kind;

use crate::{
    Value,
    error::Flaw,
    tables::{FieldTable, WireType},
    varint::{push_varint, unzigzag32, unzigzag64, varint_len},
    wire::{Payload, Reader},
};

/// Reads the raw bits of one value of a packable kind.
#[inline]
pub(crate) fn read_raw(reader: &mut Reader<'_>, wire_type: WireType) -> Result<u64, Flaw> {
    match wire_type {
        WireType::Fixed32 => reader.fixed32().map(u64::from),
        WireType::Fixed64 => reader.fixed64(),
        WireType::Varint | WireType::Len | WireType::StartGroup | WireType::EndGroup => {
            reader.varint()
        }
    }
}

/// The raw bits of a payload, when its wire type is that of the field.
#[inline]
pub(crate) fn raw_of(payload: &Payload<'_>, wire_type: WireType) -> Option<u64> {
    match (payload, wire_type) {
        (Payload::Varint(raw), WireType::Varint) | (Payload::Fixed64(raw), WireType::Fixed64) => {
            Some(*raw)
        }
        (Payload::Fixed32(raw), WireType::Fixed32) => Some(u64::from(*raw)),
        _ => None,
    }
}

/// The bits that an encoder of this kind would have written for the value that a decoder reads.
#[inline]
pub(crate) fn normalise(kind: Kind, raw: u64) -> u64 {
    match kind {
        Kind::Int32 | Kind::Enum(_) => i64::from(raw as i32) as u64,
        Kind::Uint32 | Kind::Sint32 => u64::from(raw as u32),
        Kind::Bool => u64::from(raw != 0),
        _ => raw,
    }
}

/// The value of raw bits. Kinds that are not scalars read as the bits themselves, which no caller asks for.
#[inline]
pub(crate) fn value_of<'a>(kind: Kind, raw: u64) -> Value<'a> {
    match kind {
        Kind::Double => Value::F64(f64::from_bits(raw)),
        Kind::Float => Value::F32(f32::from_bits(raw as u32)),
        Kind::Int32 | Kind::Sfixed32 => Value::I32(raw as i32),
        Kind::Int64 | Kind::Sfixed64 => Value::I64(raw as i64),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(raw as u32),
        Kind::Sint32 => Value::I32(unzigzag32(raw as u32)),
        Kind::Sint64 => Value::I64(unzigzag64(raw)),
        Kind::Bool => Value::Bool(raw != 0),
        Kind::Enum(_) => Value::Enum(raw as i32),
        Kind::Uint64
        | Kind::Fixed64
        | Kind::String
        | Kind::Bytes
        | Kind::Message(_)
        | Kind::Group(_) => Value::U64(raw),
    }
}

/// Appends raw bits in the encoding of a wire type.
#[inline]
pub(crate) fn push_raw(out: &mut Vec<u8>, wire_type: WireType, raw: u64) {
    match wire_type {
        WireType::Fixed32 => out.extend_from_slice(&(raw as u32).to_le_bytes()),
        WireType::Fixed64 => out.extend_from_slice(&raw.to_le_bytes()),
        WireType::Varint | WireType::Len | WireType::StartGroup | WireType::EndGroup => {
            push_varint(out, raw);
        }
    }
}

/// Whether `taken` bytes that hold `raw` are what [`push_raw`] of the normalised value gives.
#[inline]
pub(crate) fn is_minimal(field: &FieldTable, raw: u64, taken: usize) -> bool {
    field.wire_type() != WireType::Varint
        || (normalise(field.kind(), raw) == raw && varint_len(raw) == taken)
}
