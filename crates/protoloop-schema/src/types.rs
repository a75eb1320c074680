//! Messages, fields and enums.

use std::sync::Arc;

use crate::{EntityId, Location};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub u32);

            impl $name {
                /// As an index into the schema's list.
                #[must_use]
                pub const fn index(self) -> usize {
                    self.0 as usize
                }
            }
        )*
    };
}
pub(crate) use ids;

ids! {
    /// A message of the schema; the position in [`Schema::messages`](crate::Schema::messages).
    MessageId,
    /// An enum of the schema; the position in [`Schema::enums`](crate::Schema::enums).
    EnumId,
}

/// A message type, nested and map-entry types included.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// `todo.v1.Todo`.
    pub full_name: Arc<str>,
    /// `Todo`; for a nested type only the last part.
    pub name: Arc<str>,
    /// `todo.v1`.
    pub package: Arc<str>,
    /// In order of declaration.
    pub fields: Vec<Field>,
    /// In order of declaration; the synthetic ones of `optional` fields left out.
    pub oneofs: Vec<Oneof>,
    /// Whether it is the entry type of a map field.
    pub map_entry: bool,
    /// Set for the types whose JSON form is special.
    pub well_known: Option<WellKnown>,
    /// Set when it is a stored model.
    pub entity: Option<EntityId>,
    /// Whether it was made by the toolkit and stands in no file of the user.
    pub synthesised: bool,
    /// Leading comment.
    pub comment: String,
    /// Where it is declared.
    pub location: Location,
}

impl Message {
    /// The field of a number, with its index in [`Message::fields`].
    #[must_use]
    pub fn field_by_number(&self, number: u32) -> Option<(usize, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.number == number)
    }

    /// The field of a proto name.
    #[must_use]
    pub fn field_by_name(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| &*field.name == name)
    }

    /// The field of a JSON name or proto name; a JSON name wins.
    #[must_use]
    pub fn field_by_any_name(&self, name: &str) -> Option<&Field> {
        self.fields
            .iter()
            .find(|field| &*field.json_name == name)
            .or_else(|| self.field_by_name(name))
    }
}

/// A `oneof`.
#[derive(Clone, Debug)]
pub struct Oneof {
    /// Its proto name.
    pub name: Arc<str>,
    /// Indices of its members in [`Message::fields`].
    pub fields: Vec<usize>,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub struct Field {
    /// Field number, 1 to 2^29-1.
    pub number: u32,
    /// Proto name.
    pub name: Arc<str>,
    /// JSON name: `json_name` where given, else lowerCamelCase.
    pub json_name: Arc<str>,
    /// `todo.v1.Todo.title`.
    pub full_name: Arc<str>,
    /// The type of a value or element.
    pub kind: Kind,
    /// Singular, repeated or map.
    pub cardinality: Cardinality,
    /// How presence is tracked; meaningful for singular fields.
    pub presence: Presence,
    /// Whether a repeated scalar is written packed. Both forms are always read.
    pub packed: bool,
    /// Whether it is a string that must be UTF-8: in proto3 and by default in editions.
    pub strict_utf8: bool,
    /// Index in [`Message::oneofs`].
    pub oneof: Option<usize>,
    /// proto2 default.
    pub default: Option<DefaultValue>,
    /// `google.api.field_behavior`.
    pub behavior: Behavior,
    /// `(protoloop.v1.field).hidden`: never read, filtered or returned.
    pub hidden: bool,
    /// `deprecated`.
    pub deprecated: bool,
    /// Whether it is the `google.api.resource_reference` target type, such as `library.v1/Author`.
    pub resource_reference: Option<Arc<str>>,
    /// Leading comment.
    pub comment: String,
    /// Where it is declared.
    pub location: Location,
}

impl Field {
    /// Whether it is repeated (not a map).
    #[must_use]
    pub fn is_repeated(&self) -> bool {
        self.cardinality == Cardinality::Repeated
    }

    /// Whether it is a map.
    #[must_use]
    pub fn is_map(&self) -> bool {
        self.cardinality == Cardinality::Map
    }
}

/// The type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are protobuf's own")]
pub enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    Enum(EnumId),
    /// For a map field: the entry message.
    Message(MessageId),
    /// Between two tags: a proto2 group, or a message with the feature `DELIMITED`.
    Group(MessageId),
}

/// How many values a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// At most one.
    Singular,
    /// A list.
    Repeated,
    /// Key to value; [`Field::kind`] is the entry message.
    Map,
}

/// How presence is tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// proto3 without `optional`, or the feature `IMPLICIT`: the default value is absence.
    Implicit,
    /// `optional`, oneof members, messages, proto2, editions.
    Explicit,
    /// proto2 `required`, or the feature `LEGACY_REQUIRED`.
    Required,
}

/// `google.api.field_behavior`, one flag each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Behavior {
    /// REQUIRED.
    pub required: bool,
    /// OUTPUT_ONLY: ignored on input.
    pub output_only: bool,
    /// INPUT_ONLY: never returned.
    pub input_only: bool,
    /// IMMUTABLE: set once.
    pub immutable: bool,
    /// IDENTIFIER.
    pub identifier: bool,
}

/// A proto2 default value.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "one variant per wire type family")]
pub enum DefaultValue {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    String(Arc<str>),
    Bytes(Vec<u8>),
    Enum(i32),
}

/// An enum type.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Its id.
    pub id: EnumId,
    /// Full name.
    pub full_name: Arc<str>,
    /// In order of declaration; aliases included.
    pub values: Vec<EnumValue>,
    /// Whether unknown numbers are kept as values (proto3).
    pub open: bool,
    /// Whether it is `google.protobuf.NullValue`.
    pub null_value: bool,
    /// Leading comment.
    pub comment: String,
    /// Where it is declared.
    pub location: Location,
}

/// One value of an enum.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// Its name.
    pub name: Arc<str>,
    /// Its number.
    pub number: i32,
    /// What a column of a type that was declared by others holds for it; empty for nothing.
    pub label: Arc<str>,
    /// Leading comment.
    pub comment: String,
}

/// The types whose JSON form ProtoJSON defines specially.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are google.protobuf's own")]
pub enum WellKnown {
    Any,
    Timestamp,
    Duration,
    FieldMask,
    Struct,
    Value,
    ListValue,
    Empty,
    BoolValue,
    Int32Value,
    Int64Value,
    Uint32Value,
    Uint64Value,
    FloatValue,
    DoubleValue,
    StringValue,
    BytesValue,
}
