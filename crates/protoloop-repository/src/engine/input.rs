//! What a caller may say about a row.

use protoloop_core::{CallContext, Error, Result};
use protoloop_wire::{
    View,
    marked::{is_missing, is_present},
    mask::Mask,
};

use super::operation::Subject;
use crate::Record;

impl Subject {
    /// The row of a request, without what is ignored on input. `name` is the request field it came in.
    ///
    /// INVALID_ARGUMENT for a hidden or navigation field, and for the tenant key with another tenant than the caller's.
    pub(super) fn input(&self, cx: &CallContext, row: Record, name: &str) -> Result<Record> {
        let view = self.model.view(row.as_ref());
        if let Some(path) = self.refused.find(&view, None, is_present) {
            return Err(Error::invalid_field(path, "cannot be written").under_field(name));
        }
        let tenant = self.repository.check_tenant(cx, &row);
        tenant.map_err(|error| error.under_field(name))?;
        Ok(match self.ignored.without(&view) {
            Some(kept) => Record(kept.into()),
            None => row,
        })
    }

    /// INVALID_ARGUMENT when a REQUIRED field is not set; of the row's own fields only those in `only` are asked for.
    pub(super) fn check_required(
        &self,
        row: &Record,
        only: Option<&Mask>,
        name: &str,
    ) -> Result<()> {
        let view = self.model.view(row.as_ref());
        match self.required.find(&view, only, is_missing) {
            Some(path) => Err(Error::invalid_field(path, "is required").under_field(name)),
            None => Ok(()),
        }
    }

    /// INVALID_ARGUMENT when an IMMUTABLE field that was set is another one now.
    pub(super) fn check_immutable(
        &self,
        before: &Record,
        after: &Record,
        name: &str,
    ) -> Result<()> {
        let (before, after) = (
            self.model.view(before.as_ref()),
            self.model.view(after.as_ref()),
        );
        let changed = |number: &&u32| {
            before.has(**number) && !raw(&before, **number).eq(raw(&after, **number))
        };
        match self.immutable.iter().find(changed) {
            Some(number) => Err(Error::invalid_field(
                format!("{name}.{}", self.model.field_name(*number)),
                "is set once and cannot be changed",
            )),
            None => Ok(()),
        }
    }
}

/// The encoded values of a field.
fn raw<'a>(row: &View<'a>, number: u32) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    row.raw_fields()
        .filter(move |field| field.0 == number)
        .map(|field| field.1)
}
