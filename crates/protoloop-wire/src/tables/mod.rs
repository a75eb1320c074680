//! A schema's messages, compiled for look-up by number and by name.

mod enums;
mod field;
mod names;

use std::{collections::HashMap, sync::Arc};

use protoloop_schema::{EnumId, Field, MessageId, Schema, WellKnown};

pub use enums::EnumTable;
pub use field::{FieldTable, WireType};
use names::NameIndex;

/// Field numbers below this are looked up by array index.
const DENSE: u32 = 512;

/// Compiled tables of every message and enum of a schema. Immutable; share it by [`Arc`].
#[derive(Debug)]
pub struct Tables {
    schema: Arc<Schema>,
    messages: Vec<MessageTable>,
    enums: Vec<EnumTable>,
}

impl Tables {
    /// Compiles a schema. Done once at start.
    #[must_use]
    pub fn new(schema: &Arc<Schema>) -> Arc<Self> {
        let mut extensions: HashMap<MessageId, Vec<&Field>> = HashMap::new();
        for (message, field) in schema.extensions() {
            extensions.entry(*message).or_default().push(field);
        }
        let table = |message: &protoloop_schema::Message| {
            let extensions = extensions.get(&message.id).map_or(&[][..], Vec::as_slice);
            MessageTable::new(schema, message, extensions)
        };
        Arc::new(Self {
            messages: schema.messages().iter().map(table).collect(),
            enums: schema.enums().iter().map(EnumTable::new).collect(),
            schema: Arc::clone(schema),
        })
    }

    /// The table of a message.
    #[must_use]
    pub fn message(&self, id: MessageId) -> &MessageTable {
        &self.messages[id.index()]
    }

    /// The table of an enum.
    #[must_use]
    pub fn enumeration(&self, id: EnumId) -> &EnumTable {
        &self.enums[id.index()]
    }

    /// The message of a full name such as `todo.v1.Todo`.
    #[must_use]
    pub fn by_name(&self, full_name: &str) -> Option<MessageId> {
        self.schema
            .message_by_name(full_name)
            .map(|message| message.id)
    }

    /// The schema these tables were compiled from.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }
}

/// One message: its fields in order of their numbers, and indices by number and name.
#[derive(Debug)]
pub struct MessageTable {
    id: MessageId,
    full_name: Arc<str>,
    well_known: Option<WellKnown>,
    map_entry: bool,
    fields: Vec<FieldTable>,
    /// Field index + 1 by number, 0 for none; covers numbers below [`DENSE`].
    dense: Box<[u16]>,
    /// Number and index of the fields from [`DENSE`] on, sorted.
    sparse: Box<[(u32, u16)]>,
    names: NameIndex,
    oneofs: usize,
}

impl MessageTable {
    fn new(schema: &Schema, message: &protoloop_schema::Message, extensions: &[&Field]) -> Self {
        let mut fields: Vec<FieldTable> = message
            .fields
            .iter()
            .chain(extensions.iter().copied())
            .map(|field| FieldTable::new(schema, message, field))
            .collect();
        fields.sort_by_key(FieldTable::number);
        let reach = fields
            .iter()
            .map(|field| field.number() + 1)
            .filter(|reach| *reach <= DENSE)
            .max()
            .unwrap_or(0);
        let mut dense = vec![0u16; reach as usize].into_boxed_slice();
        let mut sparse = Vec::new();
        for (index, field) in fields.iter().enumerate().take(usize::from(u16::MAX) - 1) {
            match dense.get_mut(field.number() as usize) {
                Some(slot) => *slot = index as u16 + 1,
                None => sparse.push((field.number(), index as u16)),
            }
        }
        Self {
            id: message.id,
            full_name: Arc::clone(&message.full_name),
            well_known: message.well_known,
            map_entry: message.map_entry,
            names: NameIndex::new(&fields),
            oneofs: message.oneofs.len(),
            fields,
            dense,
            sparse: sparse.into_boxed_slice(),
        }
    }

    /// The id in the schema.
    #[must_use]
    pub fn id(&self) -> MessageId {
        self.id
    }

    /// `todo.v1.Todo`.
    #[must_use]
    pub fn full_name(&self) -> &str {
        &self.full_name
    }

    /// Set for the types whose JSON form is special.
    #[must_use]
    pub fn well_known(&self) -> Option<WellKnown> {
        self.well_known
    }

    /// Whether it is the entry type of a map field.
    #[must_use]
    pub fn is_map_entry(&self) -> bool {
        self.map_entry
    }

    /// The fields, in order of their numbers; proto2 extensions among them, named `[full.name]`.
    #[must_use]
    pub fn fields(&self) -> &[FieldTable] {
        &self.fields
    }

    /// How many oneofs it has, synthetic ones left out.
    #[must_use]
    pub fn oneofs(&self) -> usize {
        self.oneofs
    }

    /// The index in [`MessageTable::fields`] of a field number.
    #[must_use]
    #[inline]
    pub fn index_of(&self, number: u32) -> Option<usize> {
        if let Some(slot) = self.dense.get(number as usize) {
            return usize::from(*slot).checked_sub(1);
        }
        let at = self
            .sparse
            .binary_search_by_key(&number, |entry| entry.0)
            .ok()?;
        Some(usize::from(self.sparse[at].1))
    }

    /// The field of a number.
    #[must_use]
    #[inline]
    pub fn field(&self, number: u32) -> Option<&FieldTable> {
        self.index_of(number).map(|index| &self.fields[index])
    }

    /// The index in [`MessageTable::fields`] of a JSON name or proto name; a JSON name wins.
    #[must_use]
    #[inline]
    pub fn index_by_name(&self, name: &str) -> Option<usize> {
        self.names.get(&self.fields, name.as_bytes())
    }

    /// The field of a JSON name or proto name; a JSON name wins.
    #[must_use]
    pub fn field_by_name(&self, name: &str) -> Option<&FieldTable> {
        self.index_by_name(name).map(|index| &self.fields[index])
    }
}
