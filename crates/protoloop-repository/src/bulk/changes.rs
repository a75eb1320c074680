//! What becomes of every row that is selected.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_wire::{Patch, Value as WireValue, View, Writer};

use crate::{Entity, Model, Record};

/// What [`Repository::update_all`](crate::Repository::update_all) does to each row: fields set to values or cleared.
///
/// Fields are set as wholes; a field of a message inside is reached by an edit of the row
/// ([`RepositoryExt::update_by_id`](crate::RepositoryExt::update_by_id)).
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Canonical; has only fields of `fields`.
    row: Bytes,
    /// Numbers of the fields that are set, or cleared where `row` lacks them; ascending.
    fields: Vec<u32>,
    /// Numbers of integer fields that become larger by one; ascending.
    counted: Vec<u32>,
}

impl Changes {
    /// Sets the named fields to what they are in a row; one that the row lacks is cleared. Names are proto or JSON names.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a name that is unknown, that leads into a message, or that is of the key; for a navigation
    /// field, which is no column.
    pub fn of<E: Entity>(model: &Model, row: &E, fields: &[&str]) -> Result<Self> {
        let row = model.canonical(row.encode())?;
        let mut numbers = Vec::with_capacity(fields.len());
        for name in fields {
            let message = model.message();
            let found = message.fields.iter().find(|field| {
                let (proto, json): (&str, &str) = (&field.name, &field.json_name);
                proto == *name || json == *name
            });
            let why = match found {
                None if name.contains('.') => "is set as a whole; name the field before the dot",
                None => "is unknown",
                Some(field) if model.entity().key.contains(&field.number) => "is of the key",
                Some(field) if model.column_property(field.number).is_none() => "is not stored",
                Some(field) => {
                    numbers.push(field.number);
                    continue;
                }
            };
            return Err(Error::invalid_field(
                *name,
                format!("{}: {why}", model.full_name()),
            ));
        }
        Ok(Self::of_numbers(model, &row, numbers))
    }

    /// The same by field numbers, for a canonical row.
    #[must_use]
    pub fn of_numbers(model: &Model, row: &Record, mut fields: Vec<u32>) -> Self {
        fields.sort_unstable();
        fields.dedup();
        let mut kept = Vec::new();
        for (number, raw) in model.view(row.as_ref()).raw_fields() {
            if fields.binary_search(&number).is_ok() {
                kept.extend_from_slice(raw);
            }
        }
        Self {
            row: kept.into(),
            fields,
            counted: Vec::new(),
        }
    }

    /// Sets one more field to what `write` writes, which must be that field only, canonically; or clears it.
    #[must_use]
    pub fn with(mut self, model: &Model, number: u32, write: impl FnOnce(&mut Writer)) -> Self {
        let mut patch = Patch::default();
        patch.set(number, write);
        self.row = patch.apply(&model.view(&self.row)).into();
        self.counted.retain(|counted| *counted != number);
        insert(&mut self.fields, number);
        self
    }

    /// Makes an integer field larger by one in every row, as versions are.
    #[must_use]
    pub fn counting(mut self, number: u32) -> Self {
        self.fields.retain(|set| *set != number);
        insert(&mut self.counted, number);
        self
    }

    /// Whether they leave every row as it is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.counted.is_empty()
    }

    /// The values: a canonical row with no other fields than [`Changes::fields`].
    #[must_use]
    pub fn row(&self) -> &[u8] {
        &self.row
    }

    /// The numbers of the fields that are set, or cleared where [`Changes::row`] lacks them; ascending.
    #[must_use]
    pub fn fields(&self) -> &[u32] {
        &self.fields
    }

    /// The numbers of the integer fields that become larger by one; ascending.
    #[must_use]
    pub fn counted(&self) -> &[u32] {
        &self.counted
    }

    /// A canonical row with the changes.
    ///
    /// # Errors
    /// OUT_OF_RANGE when a counted field has come to its end.
    pub fn apply(&self, model: &Model, row: Record) -> Result<Record> {
        let values = model.view(&self.row);
        let mut patch = Patch::default();
        for number in &self.fields {
            patch.set(*number, |writer| {
                let own = values.raw_fields().filter(|(found, _)| found == number);
                own.for_each(|(_, raw)| writer.raw(raw));
            });
        }
        let present = model.view(row.as_ref());
        for number in &self.counted {
            let next = next(&present, *number).ok_or_else(|| {
                let name = model.field_name(*number);
                Error::out_of_range(format!("{name} has come to its end"))
            })?;
            let field = present.table().field(*number);
            patch.set(*number, |writer| {
                if let Some(field) = field {
                    writer.value(field, &next);
                }
            });
        }
        Ok(model.patched(row, &patch))
    }
}

fn insert(numbers: &mut Vec<u32>, number: u32) {
    if let Err(at) = numbers.binary_search(&number) {
        numbers.insert(at, number);
    }
}

/// The value that follows that of an integer field; `None` when there is none.
fn next(row: &View<'_>, number: u32) -> Option<WireValue<'static>> {
    use protoloop_schema::Kind;
    let present = row.get(number);
    let zero = match row.table().field(number)?.kind() {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => WireValue::I32(0),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => WireValue::I64(0),
        Kind::Uint32 | Kind::Fixed32 => WireValue::U32(0),
        Kind::Uint64 | Kind::Fixed64 => WireValue::U64(0),
        _ => return None,
    };
    Some(match present.unwrap_or(zero) {
        WireValue::I32(value) => WireValue::I32(value.checked_add(1)?),
        WireValue::I64(value) => WireValue::I64(value.checked_add(1)?),
        WireValue::U32(value) => WireValue::U32(value.checked_add(1)?),
        WireValue::U64(value) => WireValue::U64(value.checked_add(1)?),
        _ => return None,
    })
}
