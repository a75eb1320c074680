//! From names to property paths.

use std::{fmt, sync::Arc};

use protoloop_schema::{Cardinality, Field, Kind, Message, MessageId, Presence, Schema, WellKnown};

use protoloop_wire::map_key;

use super::Model;
use crate::{Leaf, LeafKind, LeafShape, PropertyPath, Step, filter::suggest};

/// Why names are no property path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyError {
    /// Index of the segment that is wrong.
    pub segment: usize,
    /// What is wrong and what would be right, naming the segment.
    pub message: String,
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PropertyError {}

impl Model {
    /// The property that names lead to. Each is a proto or JSON name, or a map key behind a map field.
    ///
    /// # Errors
    /// [`PropertyError`] for unknown, hidden, navigation and not filterable fields, and for paths through lists.
    pub fn property<S: AsRef<str>>(&self, names: &[S]) -> Result<PropertyPath, PropertyError> {
        let (lists, path) = self.element_property(names)?;
        match lists.first() {
            None => Ok(path),
            Some(list) => Err(wrong(0, format!("`{list}` is a list; test it with `:`"))),
        }
    }

    /// The same, where names may lead through lists of messages: then each list, of which the first begins in the row and any
    /// other in an element of the one before, and the property in an element of the last.
    pub(crate) fn element_property<S: AsRef<str>>(
        &self,
        names: &[S],
    ) -> Result<(Vec<PropertyPath>, PropertyPath), PropertyError> {
        let mut walk = Walk {
            schema: self.schema(),
            text: String::new(),
            parent: None,
            steps: Vec::with_capacity(names.len()),
            lists: Vec::new(),
        };
        let leaf = walk.root(self, names)?;
        let path = PropertyPath {
            text: Arc::from(walk.text),
            steps: walk.steps.into_boxed_slice(),
            leaf,
            parent: walk.parent,
            from: None,
        };
        Ok((walk.lists, path))
    }

    /// The property of one of the row's fields, filterable or not.
    #[must_use]
    pub fn column_property(&self, number: u32) -> Option<PropertyPath> {
        column(self.schema(), self.field(number)?)
    }
}

/// The path that is one field; `None` for a type without any value a filter could name.
pub(crate) fn column(schema: &Schema, field: &Field) -> Option<PropertyPath> {
    Some(PropertyPath {
        text: Arc::clone(&field.name),
        steps: Box::new([Step::Field(field.number)]),
        leaf: leaf_of(schema, field)?,
        parent: None,
        from: None,
    })
}

struct Walk<'a> {
    schema: &'a Schema,
    text: String,
    steps: Vec<Step>,
    parent: Option<MessageId>,
    /// The lists on the way.
    lists: Vec<PropertyPath>,
}

impl Walk<'_> {
    fn root<S: AsRef<str>>(&mut self, model: &Model, names: &[S]) -> Result<Leaf, PropertyError> {
        let Some(first) = names.first() else {
            return Err(wrong(0, "a property name is missing".to_owned()));
        };
        let field = find(model.message(), first.as_ref(), 0)?;
        let entity = model.entity();
        if entity
            .relations
            .iter()
            .any(|relation| relation.field == field.number)
        {
            return Err(wrong(
                0,
                format!("`{}` is a relation, not a property of the row", field.name),
            ));
        }
        if entity.not_filterable.contains(&field.number) {
            return Err(unfilterable(field, 0));
        }
        self.field(field, names, 0)
    }

    /// Takes `field`, named by `names[at]`, and goes on.
    fn field<S: AsRef<str>>(
        &mut self,
        field: &Field,
        names: &[S],
        at: usize,
    ) -> Result<Leaf, PropertyError> {
        if !self.text.is_empty() {
            self.text.push('.');
        }
        self.text.push_str(&field.name);
        self.steps.push(Step::Field(field.number));
        let Some(next) = names.get(at + 1) else {
            return leaf_of(self.schema, field).ok_or_else(|| unsupported(field, at));
        };
        match (field.cardinality, field.kind) {
            (Cardinality::Map, Kind::Message(entry)) => {
                let entry = self.schema.message(entry);
                self.map_value(entry, next.as_ref(), names, at + 1)
            }
            (Cardinality::Singular, Kind::Message(id) | Kind::Group(id))
                if self.schema.message(id).well_known.is_none() =>
            {
                let message = self.schema.message(id);
                self.parent = Some(id);
                let field = find(message, next.as_ref(), at + 1)?;
                self.field(field, names, at + 1)
            }
            (Cardinality::Singular, Kind::Message(id)) if self.is_dynamic(id) => {
                self.dynamic(id, names, at + 1)
            }
            (Cardinality::Repeated, Kind::Message(id) | Kind::Group(id))
                if self.schema.message(id).well_known.is_none() || self.is_dynamic(id) =>
            {
                self.element(field, id, names, at)
            }
            (Cardinality::Repeated, _) => Err(wrong(
                at,
                format!("`{}` is a list; test it with `:`", field.name),
            )),
            _ => Err(wrong(
                at + 1,
                format!("`{}` has no field `{}`", field.name, next.as_ref()),
            )),
        }
    }

    /// Goes on in the elements of the list `field`, which are messages.
    fn element<S: AsRef<str>>(
        &mut self,
        field: &Field,
        id: MessageId,
        names: &[S],
        at: usize,
    ) -> Result<Leaf, PropertyError> {
        let leaf = leaf_of(self.schema, field).ok_or_else(|| unsupported(field, at))?;
        self.lists.push(PropertyPath {
            text: Arc::from(self.text.as_str()),
            steps: std::mem::take(&mut self.steps).into_boxed_slice(),
            leaf,
            parent: self.parent.take(),
            from: None,
        });
        if self.is_dynamic(id) {
            return self.dynamic(id, names, at + 1);
        }
        let next = names.get(at + 1).map_or("", AsRef::as_ref);
        let field = find(self.schema.message(id), next, at + 1)?;
        self.field(field, names, at + 1)
    }

    /// Takes the map key `key`, which is `names[at]`, and goes on into a message value.
    fn map_value<S: AsRef<str>>(
        &mut self,
        entry: &Message,
        key: &str,
        names: &[S],
        at: usize,
    ) -> Result<Leaf, PropertyError> {
        let (Some((_, key_field)), Some((_, value))) =
            (entry.field_by_number(1), entry.field_by_number(2))
        else {
            return Err(wrong(at, "the map has no entry type".to_owned()));
        };
        let key = map_key::spelled(key_field.kind, key)
            .ok_or_else(|| wrong(at, format!("`{key}` is no key of this map")))?;
        self.text.push('.');
        self.text.push_str(&key);
        self.steps.push(Step::MapKey(key));
        let Some(next) = names.get(at + 1) else {
            let mut leaf = leaf_of(self.schema, value).ok_or_else(|| unsupported(value, at))?;
            leaf.presence = Presence::Explicit;
            return Ok(leaf);
        };
        match value.kind {
            Kind::Message(id) if self.schema.message(id).well_known.is_none() => {
                self.parent = Some(id);
                let field = find(self.schema.message(id), next.as_ref(), at + 1)?;
                self.field(field, names, at + 1)
            }
            Kind::Message(id) if self.is_dynamic(id) => self.dynamic(id, names, at + 1),
            _ => Err(wrong(
                at + 1,
                format!("a value of this map has no field `{}`", next.as_ref()),
            )),
        }
    }

    /// Whether a message holds values whose types every row chooses.
    fn is_dynamic(&self, id: MessageId) -> bool {
        matches!(
            self.schema.message(id).well_known,
            Some(WellKnown::Struct | WellKnown::Value)
        )
    }

    /// Takes the names from `at` on as keys of a `google.protobuf.Struct`, each in the one before.
    fn dynamic<S: AsRef<str>>(
        &mut self,
        id: MessageId,
        names: &[S],
        at: usize,
    ) -> Result<Leaf, PropertyError> {
        let value = self.schema.message_by_name("google.protobuf.Value");
        let value = value
            .ok_or_else(|| wrong(at, "google.protobuf.Value is not in the schema".to_owned()))?;
        let mut in_value = id == value.id;
        for name in &names[at..] {
            // `struct_value` of a Value, then `fields` of a Struct.
            if in_value {
                self.steps.push(Step::Field(5));
            }
            self.steps.push(Step::Field(1));
            self.steps.push(Step::MapKey(name.as_ref().into()));
            self.text.push('.');
            self.text.push_str(name.as_ref());
            in_value = true;
        }
        Ok(Leaf {
            kind: LeafKind::Message(value.id),
            shape: LeafShape::Single,
            presence: Presence::Explicit,
            wrapped: false,
        })
    }
}

fn find<'a>(message: &'a Message, name: &str, at: usize) -> Result<&'a Field, PropertyError> {
    match message.field_by_any_name(name) {
        // What is never returned must not be found out by trying values either.
        Some(field) if field.behavior.input_only => Err(unfilterable(field, at)),
        // A hidden field is answered like one that is not there.
        Some(field) if !field.hidden => Ok(field),
        _ => {
            let shown = message.fields.iter();
            let shown = shown.filter(|field| !field.hidden && !field.behavior.input_only);
            let hint = suggest::among(name, shown.map(|field| &*field.name));
            let message = &message.name;
            Err(wrong(
                at,
                format!("`{message}` has no field `{name}`{hint}"),
            ))
        }
    }
}

fn unfilterable(field: &Field, at: usize) -> PropertyError {
    wrong(
        at,
        format!("`{}` can be neither filtered nor ordered by", field.name),
    )
}

fn wrong(segment: usize, message: String) -> PropertyError {
    PropertyError { segment, message }
}

fn unsupported(field: &Field, at: usize) -> PropertyError {
    wrong(
        at,
        format!("`{}` is of a type that cannot be filtered", field.name),
    )
}

fn leaf_of(schema: &Schema, field: &Field) -> Option<Leaf> {
    let (shape, value) = match field.cardinality {
        Cardinality::Singular => (LeafShape::Single, field),
        Cardinality::Repeated => (LeafShape::List, field),
        Cardinality::Map => {
            let Kind::Message(entry) = field.kind else {
                return None;
            };
            (LeafShape::Map, schema.message(entry).field_by_number(2)?.1)
        }
    };
    let (kind, wrapped) = kind_of(schema, value.kind);
    let explicit = wrapped
        || field.oneof.is_some()
        || field.presence != Presence::Implicit
        || matches!(
            kind,
            LeafKind::Timestamp | LeafKind::Duration | LeafKind::Message(_)
        );
    Some(Leaf {
        kind,
        shape,
        presence: if explicit {
            Presence::Explicit
        } else {
            Presence::Implicit
        },
        wrapped,
    })
}

/// The leaf kind of a field's kind, and whether that is the inside of a wrapper message.
fn kind_of(schema: &Schema, kind: Kind) -> (LeafKind, bool) {
    let plain = match kind {
        Kind::Double => LeafKind::Double,
        Kind::Float => LeafKind::Float,
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => LeafKind::Int32,
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => LeafKind::Int64,
        Kind::Uint32 | Kind::Fixed32 => LeafKind::Uint32,
        Kind::Uint64 | Kind::Fixed64 => LeafKind::Uint64,
        Kind::Bool => LeafKind::Bool,
        Kind::String => LeafKind::String,
        Kind::Bytes => LeafKind::Bytes,
        Kind::Enum(id) => LeafKind::Enum(id),
        Kind::Group(id) => LeafKind::Message(id),
        Kind::Message(id) => return message_kind(schema.message(id)),
    };
    (plain, false)
}

fn message_kind(message: &Message) -> (LeafKind, bool) {
    match message.well_known {
        Some(WellKnown::Timestamp) => (LeafKind::Timestamp, false),
        Some(WellKnown::Duration) => (LeafKind::Duration, false),
        Some(WellKnown::BoolValue) => (LeafKind::Bool, true),
        Some(WellKnown::Int32Value) => (LeafKind::Int32, true),
        Some(WellKnown::Int64Value) => (LeafKind::Int64, true),
        Some(WellKnown::Uint32Value) => (LeafKind::Uint32, true),
        Some(WellKnown::Uint64Value) => (LeafKind::Uint64, true),
        Some(WellKnown::FloatValue) => (LeafKind::Float, true),
        Some(WellKnown::DoubleValue) => (LeafKind::Double, true),
        Some(WellKnown::StringValue) => (LeafKind::String, true),
        Some(WellKnown::BytesValue) => (LeafKind::Bytes, true),
        _ => (LeafKind::Message(message.id), false),
    }
}
