//! Reading keys from rows and requests.

use protoloop_core::{Error, Result};
use protoloop_schema::{EntityId, IdStrategy, Kind, Presence, Schema};
use protoloop_wire::{Patch, Value, View, Writer};

use super::{Model, property};
use crate::{Key, KeyValue, PropertyPath, Record};

/// One field of a model's key.
#[derive(Debug)]
pub(super) struct KeyField {
    pub(super) number: u32,
    pub(super) path: PropertyPath,
    /// Whether zero means that the key was not set: the store counts from one.
    zero_is_unset: bool,
    /// Whether an absent field means so; else it holds its default.
    absent_is_unset: bool,
}

/// The key fields of an entity.
pub(super) fn fields(schema: &Schema, entity: EntityId) -> Result<Box<[KeyField]>> {
    let entity = schema.entity(entity);
    let message = schema.message(entity.message);
    let unfit = |number: u32, why: &str| {
        Error::failed_precondition(format!("{}: key field {number} {why}", message.full_name))
    };
    if entity.key.is_empty() {
        return Err(unfit(0, "is missing"));
    }
    let mut fields = Vec::with_capacity(entity.key.len());
    for &number in &entity.key {
        let (_, field) = message
            .field_by_number(number)
            .ok_or_else(|| unfit(number, "is not declared"))?;
        let scalar = !matches!(
            field.kind,
            Kind::Message(_) | Kind::Group(_) | Kind::Double | Kind::Float | Kind::Bool
        );
        let path = property::column(schema, field)
            .filter(|_| scalar && !field.is_repeated() && !field.is_map())
            .ok_or_else(|| unfit(number, "must be one string, bytes, integer or enum"))?;
        fields.push(KeyField {
            number,
            path,
            zero_is_unset: entity.id_strategy == IdStrategy::Sequence,
            absent_is_unset: entity.id_strategy == IdStrategy::Sequence
                || field.presence != Presence::Implicit,
        });
    }
    Ok(fields.into_boxed_slice())
}

impl Model {
    /// The key of a row.
    ///
    /// # Errors
    /// INVALID_ARGUMENT that names the key field which is not set.
    pub fn key_of(&self, row: &[u8]) -> Result<Key> {
        self.find_key(row)
            .ok_or_else(|| Error::invalid_field(self.lacking_key_name(row), "is required"))
    }

    /// The key field that a row lacks; the first one where it has all.
    pub(crate) fn lacking_key_name(&self, row: &[u8]) -> String {
        let view = self.view(row);
        let mut fields = self.key.iter();
        let lacking = fields.find(|field| one(&view, field.number, field).is_none());
        self.field_name(lacking.unwrap_or(&self.key[0]).number)
    }

    /// The key of a row; `None` when one of its fields is not set: an empty string, or no number.
    #[must_use]
    pub fn find_key(&self, row: &[u8]) -> Option<Key> {
        let view = self.view(row);
        let numbers = self.key.iter().map(|field| field.number);
        self.read_key(&view, numbers)
    }

    /// The key in other fields of another message: `numbers` has one field number per key field.
    #[must_use]
    pub fn key_in(&self, message: &View<'_>, numbers: &[u32]) -> Option<Key> {
        if numbers.len() != self.key.len() {
            return None;
        }
        self.read_key(message, numbers.iter().copied())
    }

    /// The key of one value read from a request, for a model with one key field; `None` for an empty one.
    #[must_use]
    pub fn key_from_value(&self, value: &Value<'_>) -> Option<Key> {
        match &*self.key {
            [_] => key_value(value, false).map(Key::from),
            _ => None,
        }
    }

    /// A view of a row.
    #[must_use]
    #[inline]
    pub fn view<'a>(&'a self, row: &'a [u8]) -> View<'a> {
        View::new(&self.tables, self.message, row)
    }

    /// The same canonical row with these key values.
    ///
    /// # Errors
    /// INTERNAL when a value is not of its field's type.
    pub fn with_key(&self, row: Record, key: &Key) -> Result<Record> {
        let mut patch = Patch::default();
        self.patch_key(&mut patch, key)?;
        Ok(self.patched(row, &patch))
    }

    pub(crate) fn patch_key(&self, patch: &mut Patch, key: &Key) -> Result<()> {
        for (field, value) in self.key.iter().zip(key.values()) {
            let mut written = Ok(());
            patch.set(field.number, |writer| {
                written = self.write_key_value(writer, field.number, value);
            });
            written?;
        }
        Ok(())
    }

    /// Sets a field that holds a key, of this or another model.
    pub(crate) fn patch_value(
        &self,
        patch: &mut Patch,
        number: u32,
        value: &KeyValue,
    ) -> Result<()> {
        let mut written = Ok(());
        patch.set(number, |writer| {
            written = self.write_key_value(writer, number, value);
        });
        written
    }

    fn write_key_value(&self, writer: &mut Writer, number: u32, value: &KeyValue) -> Result<()> {
        let table = self.view(&[]).table();
        let field = table
            .field(number)
            .ok_or_else(|| self.broken("a key field is not in the table"))?;
        let wrong = || self.broken("a key value is not of its field's type");
        let value = match value {
            KeyValue::String(text) => Value::String(text),
            KeyValue::Bytes(bytes) => Value::Bytes(bytes),
            KeyValue::Int(number) => match field.kind() {
                Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(*number),
                Kind::Enum(_) => Value::Enum(i32::try_from(*number).map_err(|_| wrong())?),
                _ => Value::I32(i32::try_from(*number).map_err(|_| wrong())?),
            },
            KeyValue::Uint(number) => match field.kind() {
                Kind::Uint64 | Kind::Fixed64 => Value::U64(*number),
                _ => Value::U32(u32::try_from(*number).map_err(|_| wrong())?),
            },
        };
        if writer.value(field, &value) {
            Ok(())
        } else {
            Err(wrong())
        }
    }

    /// The same row with the number that a SEQUENCE gave as its key.
    ///
    /// # Errors
    /// OUT_OF_RANGE when the key field cannot hold it.
    pub fn with_sequence(&self, row: Record, number: i64) -> Result<Record> {
        let exhausted =
            || Error::out_of_range(format!("the ids of {} are used up", self.full_name()));
        let value = match self.field(self.key[0].number).map(|field| field.kind) {
            Some(Kind::Uint64 | Kind::Fixed64) => {
                KeyValue::Uint(u64::try_from(number).map_err(|_| exhausted())?)
            }
            Some(Kind::Uint32 | Kind::Fixed32) => {
                KeyValue::Uint(u32::try_from(number).map_err(|_| exhausted())?.into())
            }
            Some(Kind::Int64 | Kind::Sint64 | Kind::Sfixed64) => KeyValue::Int(number),
            _ => KeyValue::Int(i32::try_from(number).map_err(|_| exhausted())?.into()),
        };
        self.with_key(row, &value.into())
    }

    fn read_key(&self, view: &View<'_>, numbers: impl Iterator<Item = u32>) -> Option<Key> {
        if let [field] = &*self.key {
            let mut numbers = numbers;
            return one(view, numbers.next()?, field).map(Key::from);
        }
        let values: Option<Vec<KeyValue>> = numbers
            .zip(&*self.key)
            .map(|(number, field)| one(view, number, field))
            .collect();
        Key::new(values?)
    }
}

fn one(view: &View<'_>, number: u32, field: &KeyField) -> Option<KeyValue> {
    match view.get(number) {
        Some(value) => key_value(&value, field.zero_is_unset),
        None if field.absent_is_unset => None,
        None => match field.path.leaf().kind {
            crate::LeafKind::String | crate::LeafKind::Bytes => None,
            crate::LeafKind::Uint32 | crate::LeafKind::Uint64 => Some(KeyValue::Uint(0)),
            _ => Some(KeyValue::Int(0)),
        },
    }
}

fn key_value(value: &Value<'_>, zero_is_unset: bool) -> Option<KeyValue> {
    Some(match value {
        Value::String("") | Value::Bytes([]) => return None,
        Value::String(text) => KeyValue::String((*text).into()),
        Value::Bytes(bytes) => KeyValue::Bytes((*bytes).into()),
        Value::I32(number) | Value::Enum(number) => KeyValue::Int(i64::from(*number)),
        Value::I64(number) => KeyValue::Int(*number),
        Value::U32(number) => KeyValue::Uint(u64::from(*number)),
        Value::U64(number) => KeyValue::Uint(*number),
        _ => return None,
    })
    .filter(|value| !zero_is_unset || !matches!(value, KeyValue::Int(0) | KeyValue::Uint(0)))
}
