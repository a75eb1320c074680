//! One value.

use protoloop_schema::Kind;

use super::{Encoder, Stop};
use crate::{
    json::{
        base64,
        number::{push_f32, push_f64, push_integer, push_quoted},
        text::push_utf8,
    },
    scalar::raw_of,
    tables::FieldTable,
    varint::{unzigzag32, unzigzag64},
    wire::Payload,
};

/// Whether a kind is written in quotes as a value, and so needs none more as a map key.
pub(super) fn is_quoted(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int64
            | Kind::Uint64
            | Kind::Sint64
            | Kind::Fixed64
            | Kind::Sfixed64
            | Kind::String
            | Kind::Bytes
    )
}

/// Whether a varint of this kind is read by its lower 32 bits.
fn is_narrow(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 | Kind::Enum(_)
    )
}

impl Encoder<'_> {
    /// One value of a field; false where it is the default of a field without presence.
    #[inline]
    pub(super) fn element(
        &mut self,
        field: &FieldTable,
        payload: &Payload<'_>,
    ) -> Result<bool, Stop> {
        if field.is_implicit() {
            let is_default = match payload {
                Payload::Len(bytes) => bytes.is_empty(),
                payload => raw_of(payload, field.wire_type())
                    .is_some_and(|raw| raw as u32 == 0 && (raw == 0 || is_narrow(field.kind()))),
            };
            if is_default {
                return Ok(false);
            }
        }
        self.element_always(field, payload)
    }

    /// One value, default or not; false where the payload is not of the field's wire type.
    #[inline]
    pub(super) fn element_always(
        &mut self,
        field: &FieldTable,
        payload: &Payload<'_>,
    ) -> Result<bool, Stop> {
        match (field.kind(), payload) {
            (Kind::String, Payload::Len(bytes)) => {
                if !push_utf8(self.out, bytes) {
                    return Err(Stop::error("the string is not valid UTF-8"));
                }
            }
            (Kind::Message(id), Payload::Len(bytes)) | (Kind::Group(id), Payload::Group(bytes)) => {
                self.message(self.tables.message(id), bytes)?;
            }
            (Kind::Bytes, Payload::Len(bytes)) => {
                self.out.push(b'"');
                base64::encode(self.out, bytes);
                self.out.push(b'"');
            }
            (Kind::Group(_), _) => return Ok(false),
            (_, payload) => match raw_of(payload, field.wire_type()) {
                Some(raw) => self.raw(field, raw),
                None => return Ok(false),
            },
        }
        Ok(true)
    }

    /// A scalar by its raw bits.
    #[inline]
    pub(super) fn raw(&mut self, field: &FieldTable, raw: u64) {
        let out = &mut *self.out;
        match field.kind() {
            Kind::Double => push_f64(out, f64::from_bits(raw)),
            Kind::Float => push_f32(out, f32::from_bits(raw as u32)),
            Kind::Int32 | Kind::Sfixed32 => push_integer(out, raw as i32),
            Kind::Uint32 | Kind::Fixed32 => push_integer(out, raw as u32),
            Kind::Sint32 => push_integer(out, unzigzag32(raw as u32)),
            Kind::Int64 | Kind::Sfixed64 => push_quoted(out, raw as i64),
            Kind::Sint64 => push_quoted(out, unzigzag64(raw)),
            Kind::Bool if raw != 0 => out.extend_from_slice(b"true"),
            Kind::Bool => out.extend_from_slice(b"false"),
            Kind::Enum(id) => {
                let table = self.tables.enumeration(id);
                if table.is_null_value() {
                    out.extend_from_slice(b"null");
                    return;
                }
                match table.name_of(raw as i32) {
                    Some(name) if !self.options.enum_numbers => {
                        out.push(b'"');
                        out.extend_from_slice(name.as_bytes());
                        out.push(b'"');
                    }
                    _ => push_integer(out, raw as i32),
                }
            }
            Kind::Uint64
            | Kind::Fixed64
            | Kind::String
            | Kind::Bytes
            | Kind::Message(_)
            | Kind::Group(_) => push_quoted(out, raw),
        }
    }
}
