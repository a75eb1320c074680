//! Which types read each other's values.

use crate::{Cardinality, Enum, Field, Kind, Presence, Schema};

/// A field with the schema that its types are of.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) schema: &'a Schema,
    pub(super) field: &'a Field,
}

/// The type of a field by its name: `int32`, `shop.v1.Book`, `map<string, int32>`.
pub(super) fn type_name(typed: Typed<'_>) -> String {
    let Typed { schema, field } = typed;
    if let (Cardinality::Map, Kind::Message(entry)) = (field.cardinality, field.kind) {
        let of = |number| {
            let found = schema.message(entry).field_by_number(number);
            found.map_or_else(String::new, |(_, field)| type_name(Typed { schema, field }))
        };
        return format!("map<{}, {}>", of(1), of(2));
    }
    match field.kind {
        Kind::Enum(id) => schema.enumeration(id).full_name.to_string(),
        Kind::Message(id) => schema.message(id).full_name.to_string(),
        Kind::Group(id) => format!("group {}", schema.message(id).full_name),
        scalar => scalar_name(scalar).to_owned(),
    }
}

fn scalar_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Double => "double",
        Kind::Float => "float",
        Kind::Int32 => "int32",
        Kind::Int64 => "int64",
        Kind::Uint32 => "uint32",
        Kind::Uint64 => "uint64",
        Kind::Sint32 => "sint32",
        Kind::Sint64 => "sint64",
        Kind::Fixed32 => "fixed32",
        Kind::Fixed64 => "fixed64",
        Kind::Sfixed32 => "sfixed32",
        Kind::Sfixed64 => "sfixed64",
        Kind::Bool => "bool",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Message(_) => "message",
        Kind::Group(_) => "group",
    }
}

/// Whether two fields have the same type, whatever their cardinality.
pub(super) fn is_same(old: Typed<'_>, new: Typed<'_>) -> bool {
    type_name(old) == type_name(new)
}

/// Whether protobuf reads values of the one as values of the other.
pub(super) fn on_wire(old: Typed<'_>, new: Typed<'_>) -> bool {
    let group = |kind| match kind {
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool => Some(0),
        Kind::Sint32 | Kind::Sint64 => Some(1),
        Kind::Fixed32 | Kind::Sfixed32 => Some(2),
        Kind::Fixed64 | Kind::Sfixed64 => Some(3),
        _ => None,
    };
    let text = old.field.kind == Kind::String && new.field.kind == Kind::Bytes;
    text || reads(old, new, group, on_wire)
}

/// Whether ProtoJSON reads values of the one as values of the other.
pub(super) fn in_json(old: Typed<'_>, new: Typed<'_>) -> bool {
    let group = |kind| match kind {
        Kind::Int32 | Kind::Uint32 => Some(0),
        Kind::Int64 | Kind::Uint64 => Some(1),
        Kind::Fixed32 | Kind::Sfixed32 => Some(2),
        Kind::Fixed64 | Kind::Sfixed64 => Some(3),
        _ => None,
    };
    reads(old, new, group, in_json)
}

/// Whether all values are read, by groups of scalars that read each other.
fn reads(
    old: Typed<'_>,
    new: Typed<'_>,
    group: impl Fn(Kind) -> Option<u8>,
    recurse: fn(Typed<'_>, Typed<'_>) -> bool,
) -> bool {
    if is_same(old, new) {
        return true;
    }
    if let (Some(old), Some(new)) = (entry(old), entry(new)) {
        let mut pairs = old.into_iter().zip(new);
        return pairs.all(|(old, new)| recurse(old, new));
    }
    if let (Kind::Enum(before), Kind::Enum(now)) = (old.field.kind, new.field.kind) {
        return contains(new.schema.enumeration(now), old.schema.enumeration(before));
    }
    let group = |typed: Typed<'_>| group(typed.field.kind);
    group(old).is_some() && group(old) == group(new)
}

/// Key and value of a map field.
fn entry(typed: Typed<'_>) -> Option<[Typed<'_>; 2]> {
    let Kind::Message(id) = typed.field.kind else {
        return None;
    };
    let entry = typed.schema.message(id);
    if !entry.map_entry {
        return None;
    }
    let of = |number| {
        let (_, field) = entry.field_by_number(number)?;
        Some(Typed { field, ..typed })
    };
    Some([of(1)?, of(2)?])
}

/// Whether an enum of the same last name has every value of another.
fn contains(new: &Enum, old: &Enum) -> bool {
    let last = |item: &Enum| item.full_name.rsplit('.').next().map(str::to_owned);
    last(new) == last(old)
        && old.values.iter().all(|value| {
            let mut values = new.values.iter();
            values.any(|other| other.name == value.name && other.number == value.number)
        })
}

/// How many values a field has, and whether it tells nothing from the default.
pub(super) fn cardinality_name(field: &Field) -> &'static str {
    match (field.cardinality, field.presence) {
        (Cardinality::Repeated, _) => "repeated",
        (Cardinality::Map, _) => "a map",
        (Cardinality::Singular, Presence::Required) => "required",
        (Cardinality::Singular, Presence::Explicit) => "optional",
        (Cardinality::Singular, Presence::Implicit) => "singular without presence",
    }
}
