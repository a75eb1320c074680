//! The one encoding that the rest of the toolkit reads fastest.

mod map;
mod probe;
mod rewrite;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use bytes::Bytes;
use protoloop_schema::MessageId;

use crate::{
    Limits, Tables,
    check::check,
    error::{Flaw, WireError, WireErrorKind},
    tables::FieldTable,
    wire::Payload,
};

pub(crate) use map::{Key, entry_key, has_duplicates, has_unknown_value};

/// The same message in canonical form: fields in order of their numbers, a singular field once (parts of a message
/// merged, of several values the last one), lists packed as declared, map keys once, default values of fields without
/// presence left out, varints minimal, unknown fields kept at the end. Map entries keep the order of the wire.
///
/// Bytes that are canonical already are returned as they are, without allocation.
///
/// # Errors
/// The bytes are malformed. UTF-8 is not looked at: that is [`check`](crate::check())'s.
pub fn canonicalize<'a>(
    tables: &Tables,
    id: MessageId,
    bytes: &'a [u8],
) -> Result<Cow<'a, [u8]>, WireError> {
    let limits = Limits {
        size: usize::MAX,
        ..Limits::default()
    };
    let named = |flaw: Flaw| {
        let error = check(tables, id, bytes, &limits).err();
        error.unwrap_or_else(|| flaw.into())
    };
    if probe::is_canonical(tables, id, bytes, limits.depth).map_err(named)? {
        return Ok(Cow::Borrowed(bytes));
    }
    rewrite::rewrite(tables, id, bytes, limits.depth)
        .map(Cow::Owned)
        .map_err(named)
}

/// [`canonicalize`] of shared bytes: canonical ones are returned as they are.
///
/// # Errors
/// As [`canonicalize`].
pub fn canonicalize_bytes(
    tables: &Tables,
    id: MessageId,
    bytes: Bytes,
) -> Result<Bytes, WireError> {
    if let Cow::Owned(rewritten) = canonicalize(tables, id, &bytes)? {
        return Ok(rewritten.into());
    }
    Ok(bytes)
}

/// What a record is to the field of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// One value.
    Value,
    /// A packed list.
    Packed,
    /// Another wire type, or a number that the closed enum does not declare.
    Unknown,
}

fn role(
    tables: &Tables,
    field: &FieldTable,
    payload: &Payload<'_>,
    depth: usize,
) -> Result<Role, Flaw> {
    if payload.wire_type() != field.wire_type() {
        return Ok(match payload {
            Payload::Len(_) if field.is_packable() => Role::Packed,
            _ => Role::Unknown,
        });
    }
    Ok(match (payload, field.closed_enum()) {
        (Payload::Varint(raw), Some(id)) if !tables.enumeration(id).accepts(*raw as i32) => {
            Role::Unknown
        }
        (Payload::Len(entry), _)
            if field.is_map() && map::has_unknown_value(tables, field, entry)? =>
        {
            Role::Unknown
        }
        (Payload::Len(_) | Payload::Group(_), _) if field.message().is_some() && depth == 0 => {
            return Err(WireErrorKind::TooDeep.at(0));
        }
        _ => Role::Value,
    })
}
