//! What a caller sees of a row.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_wire::{
    View,
    mask::{Mask, project},
};

use super::operation::Subject;
use crate::Record;

impl Subject {
    /// The row without what callers do not see, and by the mask; unchanged when that is all of it.
    pub(super) fn answer(&self, row: Record, mask: Option<&Mask>) -> Bytes {
        let stripped = self.stripped.without(&self.model.view(row.as_ref()));
        let row = stripped.map_or(row.0, Bytes::from);
        match mask {
            Some(mask) => project(&self.model.view(&row), mask).into(),
            None => row,
        }
    }

    /// The mask of paths, none of which is hidden. `field` is the request field they came in.
    pub(super) fn mask(&self, paths: Vec<&str>, field: &str) -> Result<Mask> {
        let model = &self.model;
        let message = model.message();
        let mask = Mask::parse(model.tables(), message.id, paths)
            .map_err(|error| Error::invalid_field(field, error.to_string()))?;
        let root = View::new(model.tables(), message.id, &[]);
        match self.hidden.named_by(&mask, &root) {
            // As if it were not there.
            Some(path) => Err(Error::invalid_field(
                field,
                format!("path `{path}`: {} has no such field", message.full_name),
            )),
            None => Ok(mask),
        }
    }
}
