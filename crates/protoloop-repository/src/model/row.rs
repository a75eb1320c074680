//! Changing single fields of a row.

use bytes::Bytes;
use protoloop_core::Result;
use protoloop_wire::{Patch, canonicalize_bytes};

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

    /// The row with the changes of a patch.
    pub(crate) fn patched(&self, row: Record, patch: &Patch) -> Record {
        if patch.is_empty() {
            return row;
        }
        Record(patch.apply(&self.view(row.as_ref())).into())
    }
}
