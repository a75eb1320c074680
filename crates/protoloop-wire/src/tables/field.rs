//! One field, with everything that reading and writing it needs precomputed.

use std::sync::Arc;

use protoloop_schema::{
    Behavior, Cardinality, DefaultValue, EnumId, Field, Kind, Message, MessageId, Presence, Schema,
    WellKnown,
};

use crate::varint::push_varint;

/// The wire types of protobuf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs, reason = "the names are protobuf's own")]
pub enum WireType {
    Varint = 0,
    Fixed64 = 1,
    Len = 2,
    StartGroup = 3,
    EndGroup = 4,
    Fixed32 = 5,
}

impl WireType {
    /// The wire type of the lowest three bits of a tag.
    #[must_use]
    #[inline]
    pub const fn from_tag(tag: u32) -> Option<Self> {
        Some(match tag & 7 {
            0 => Self::Varint,
            1 => Self::Fixed64,
            2 => Self::Len,
            3 => Self::StartGroup,
            4 => Self::EndGroup,
            5 => Self::Fixed32,
            _ => return None,
        })
    }

    /// The wire type of one value of a kind, outside packed fields.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Self::Fixed64,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Self::Fixed32,
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Bool
            | Kind::Enum(_) => Self::Varint,
            Kind::String | Kind::Bytes | Kind::Message(_) => Self::Len,
            Kind::Group(_) => Self::StartGroup,
        }
    }
}

/// One field of a [`MessageTable`](crate::MessageTable).
#[derive(Debug)]
pub struct FieldTable {
    number: u32,
    name: Arc<str>,
    json_name: Arc<str>,
    /// `"jsonName":`, escaped.
    json_key: Box<[u8]>,
    /// `"proto_name":`.
    proto_key: Box<[u8]>,
    kind: Kind,
    wire_type: WireType,
    cardinality: Cardinality,
    presence: Presence,
    packed: bool,
    oneof: Option<usize>,
    strict_utf8: bool,
    null_value: bool,
    closed_enum: Option<EnumId>,
    well_known: Option<WellKnown>,
    hidden: bool,
    behavior: Behavior,
    default: Option<DefaultValue>,
    /// The encoded tag of one value: not of the packed form.
    tag: [u8; 5],
    tag_len: u8,
}

impl FieldTable {
    pub(super) fn new(schema: &Schema, message: &Message, field: &Field) -> Self {
        let wire_type = WireType::of(field.kind);
        let mut encoded = Vec::with_capacity(5);
        push_varint(
            &mut encoded,
            u64::from(field.number) << 3 | wire_type as u64,
        );
        let mut tag = [0; 5];
        tag[..encoded.len().min(5)].copy_from_slice(&encoded[..encoded.len().min(5)]);
        let enumeration = match field.kind {
            Kind::Enum(id) => Some(schema.enumeration(id)),
            _ => None,
        };
        Self {
            number: field.number,
            name: Arc::clone(&field.name),
            json_name: Arc::clone(&field.json_name),
            json_key: key_bytes(&field.json_name),
            proto_key: key_bytes(&field.name),
            kind: field.kind,
            wire_type,
            cardinality: field.cardinality,
            // Encoders write key and value of an entry even where they are defaults.
            presence: if message.map_entry {
                Presence::Explicit
            } else {
                field.presence
            },
            packed: field.packed && is_packable(field.kind),
            oneof: field.oneof,
            strict_utf8: field.strict_utf8,
            null_value: enumeration.is_some_and(|found| found.null_value),
            closed_enum: enumeration
                .filter(|found| !found.open)
                .map(|found| found.id),
            well_known: match field.kind {
                Kind::Message(id) | Kind::Group(id) => schema.message(id).well_known,
                _ => None,
            },
            hidden: field.hidden,
            behavior: field.behavior,
            default: field.default.clone(),
            tag,
            tag_len: encoded.len() as u8,
        }
    }

    /// Field number.
    #[must_use]
    #[inline]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Proto name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// JSON name.
    #[must_use]
    pub fn json_name(&self) -> &str {
        &self.json_name
    }

    /// Type of a value or element; for a map the entry message.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The message type of a message, group or map field.
    #[must_use]
    #[inline]
    pub fn message(&self) -> Option<MessageId> {
        match self.kind {
            Kind::Message(id) | Kind::Group(id) => Some(id),
            _ => None,
        }
    }

    /// The enum type of an enum field.
    #[must_use]
    pub fn enumeration(&self) -> Option<EnumId> {
        match self.kind {
            Kind::Enum(id) => Some(id),
            _ => None,
        }
    }

    /// Wire type of one value, outside the packed form.
    #[must_use]
    #[inline]
    pub fn wire_type(&self) -> WireType {
        self.wire_type
    }

    /// Singular, repeated or map.
    #[must_use]
    #[inline]
    pub fn cardinality(&self) -> Cardinality {
        self.cardinality
    }

    /// Whether it is a map.
    #[must_use]
    #[inline]
    pub fn is_map(&self) -> bool {
        self.cardinality == Cardinality::Map
    }

    /// Whether it holds at most one value.
    #[must_use]
    #[inline]
    pub fn is_singular(&self) -> bool {
        self.cardinality == Cardinality::Singular
    }

    /// How presence is tracked.
    #[must_use]
    pub fn presence(&self) -> Presence {
        self.presence
    }

    /// Whether the default value is the same as absence.
    #[must_use]
    #[inline]
    pub fn is_implicit(&self) -> bool {
        self.presence == Presence::Implicit && self.is_singular() && self.oneof.is_none()
    }

    /// Whether the field is written packed.
    #[must_use]
    #[inline]
    pub fn is_packed(&self) -> bool {
        self.packed
    }

    /// Whether it is a repeated field whose packed form must be read, declared packed or not.
    #[must_use]
    #[inline]
    pub fn is_packable(&self) -> bool {
        self.cardinality == Cardinality::Repeated && is_packable(self.kind)
    }

    /// Index of its oneof in the schema's message.
    #[must_use]
    #[inline]
    pub fn oneof(&self) -> Option<usize> {
        self.oneof
    }

    /// Whether it is a `string` whose bytes must be UTF-8 (proto3).
    #[must_use]
    #[inline]
    pub fn is_strict_utf8(&self) -> bool {
        self.strict_utf8
    }

    /// Whether it is a field of type `google.protobuf.NullValue`.
    #[must_use]
    pub fn is_null_value(&self) -> bool {
        self.null_value
    }

    /// The enum, when unknown numbers of it are unknown fields (proto2).
    #[must_use]
    #[inline]
    pub fn closed_enum(&self) -> Option<EnumId> {
        self.closed_enum
    }

    /// The special JSON form of its message type.
    #[must_use]
    pub fn well_known(&self) -> Option<WellKnown> {
        self.well_known
    }

    /// `(protoloop.v1.field).hidden`.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// `google.api.field_behavior`.
    #[must_use]
    pub fn behavior(&self) -> Behavior {
        self.behavior
    }

    /// proto2 default.
    #[must_use]
    pub fn default(&self) -> Option<&DefaultValue> {
        self.default.as_ref()
    }

    /// The tag that ends a group.
    pub(crate) fn end_tag(&self) -> u64 {
        u64::from(self.number) << 3 | WireType::EndGroup as u64
    }

    /// The encoded tag of one value, outside the packed form.
    #[must_use]
    #[inline]
    pub fn tag(&self) -> &[u8] {
        &self.tag[..usize::from(self.tag_len)]
    }

    /// `"jsonName":`, escaped.
    #[must_use]
    #[inline]
    pub fn json_key(&self) -> &[u8] {
        &self.json_key
    }

    /// `"proto_name":`.
    #[must_use]
    #[inline]
    pub fn proto_key(&self) -> &[u8] {
        &self.proto_key
    }
}

fn is_packable(kind: Kind) -> bool {
    !matches!(WireType::of(kind), WireType::Len | WireType::StartGroup)
}

fn key_bytes(name: &str) -> Box<[u8]> {
    let mut key = Vec::with_capacity(name.len() + 3);
    crate::json::text::push_string(&mut key, name);
    key.push(b':');
    key.into_boxed_slice()
}
