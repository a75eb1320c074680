//! Changing single fields of a row.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_wire::{Writer, canonicalize_bytes};

use super::Model;
use crate::Record;

impl Model {
    /// The canonical form of a row; bytes that are canonical already are taken as they are.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for malformed bytes.
    pub fn canonical(&self, row: Bytes) -> Result<Record> {
        let row = canonicalize_bytes(&self.tables, self.entity().message, row)?;
        Ok(Record(row))
    }

    /// The same row without a field.
    #[must_use]
    pub fn without_fields(&self, row: &[u8], numbers: &[u32]) -> Record {
        let mut kept = Writer::with_capacity(row.len());
        for (number, raw) in self.view(row).raw_fields() {
            if !numbers.contains(&number) {
                kept.raw(raw);
            }
        }
        Record(kept.finish().into())
    }

    /// The same canonical row with a field written anew by `write`; canonical when `write` gives one value.
    ///
    /// # Errors
    /// What `write` answers.
    pub fn with_field(
        &self,
        row: &[u8],
        number: u32,
        write: impl Fn(&mut Writer) -> Result<(), Error>,
    ) -> Result<Record> {
        let mut changed = Writer::with_capacity(row.len() + 32);
        let mut written = false;
        let view = self.view(row);
        for (present, raw) in view.raw_fields() {
            // Fields that the table does not know stand at the end.
            let behind = present >= number || view.table().field(present).is_none();
            if behind && !written {
                write(&mut changed)?;
                written = true;
            }
            if present != number {
                changed.raw(raw);
            }
        }
        if !written {
            write(&mut changed)?;
        }
        Ok(Record(changed.finish().into()))
    }
}
