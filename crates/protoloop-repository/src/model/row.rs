//! Changing single fields of a row.

use bytes::Bytes;
use protoloop_core::Result;
use protoloop_wire::{Writer, canonicalize_bytes};

use super::Model;
use crate::Record;

impl Model {
    /// The canonical form of a row; bytes that are canonical already are taken as they are.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for malformed bytes.
    pub fn canonical(&self, row: Bytes) -> Result<Record> {
        let row = canonicalize_bytes(&self.tables, self.message, row)?;
        Ok(Record(row))
    }
}

/// Fields to set or to take away, applied to a canonical row in one pass.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    /// The whole encoded field by number; empty to take it away. In order of numbers.
    fields: Vec<(u32, Vec<u8>)>,
}

impl Patch {
    /// Sets a field to what `write` writes; when it writes nothing, the field is taken away.
    pub(crate) fn set(&mut self, number: u32, write: impl FnOnce(&mut Writer)) {
        let mut writer = Writer::new();
        write(&mut writer);
        let at = self.fields.partition_point(|field| field.0 < number);
        match self.fields.get_mut(at) {
            Some(field) if field.0 == number => field.1 = writer.finish(),
            _ => self.fields.insert(at, (number, writer.finish())),
        }
    }

    /// Takes a field away.
    pub(crate) fn clear(&mut self, number: u32) {
        self.set(number, |_| {});
    }

    /// The row with the changes, canonical when it was and when each written field is.
    pub(crate) fn apply(&self, model: &Model, row: Record) -> Record {
        if self.fields.is_empty() {
            return row;
        }
        let added: usize = self.fields.iter().map(|field| field.1.len()).sum();
        let mut changed = Writer::with_capacity(row.0.len() + added);
        let view = model.view(&row.0);
        let mut patches = self.fields.iter().peekable();
        for (number, raw) in view.raw_fields() {
            // Fields that the table does not know stand at the end.
            let known = view.table().field(number).is_some();
            while let Some((_, bytes)) = patches.next_if(|patch| !known || patch.0 <= number) {
                changed.raw(bytes);
            }
            if !self.holds(number) {
                changed.raw(raw);
            }
        }
        patches.for_each(|(_, bytes)| changed.raw(bytes));
        Record(changed.finish().into())
    }

    fn holds(&self, number: u32) -> bool {
        self.fields.iter().any(|field| field.0 == number)
    }
}
