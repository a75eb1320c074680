//! Options that nothing acts on.

use super::{Reader, entities::Marked};
use crate::{
    Location, Message,
    options::protoloop_v1::{ModelOptions, model_options::Expose},
};

impl Reader<'_> {
    /// Options of fields do nothing in a message that is not stored.
    pub(super) fn refuse_stray_options(&mut self, message: &Message) {
        for marked in self.marked(message) {
            if marked.options.id != 0 || marked.relation.is_some() {
                self.report.warning(
                    marked.field.location.clone(),
                    format!(
                        "{} has options of a model, and {} is none",
                        marked.field.full_name, message.full_name
                    ),
                    "write `option (protoloop.v1.model) = { expose: CRUD };` in the message",
                );
            }
        }
    }

    /// Tells of options that nothing acts on yet. Those that would protect rows are errors: a guard that is written
    /// and does not stand is worse than none.
    pub(super) fn name_unserved(
        &mut self,
        message: &Message,
        options: &ModelOptions,
        marked: &[Marked<'_>],
    ) {
        let guarded = options
            .service
            .as_ref()
            .and_then(|service| service.auth.as_ref());
        if guarded.is_some_and(|auth| !auth.public) {
            self.refuse_guard("service.auth", &message.full_name, &message.location);
        }
        if options.soft_delete {
            self.refuse_guard("soft_delete", &message.full_name, &message.location);
        }
        let mut indexed = options.indexes.iter().flat_map(|index| &index.fields);
        if indexed.any(|field| field.ends_with(" desc")) {
            self.unserved("desc in an index", &message.full_name, &message.location);
        }
        if options.expose.contains(&Expose::Bulk.into()) {
            self.unserved("expose: BULK", &message.full_name, &message.location);
        }
        for marked in marked {
            let (written, field) = (&marked.options, marked.field);
            if written.tenant_key {
                self.refuse_guard("tenant_key", &field.full_name, &field.location);
            }
            let unserved = [
                ("delete_time", written.delete_time),
                ("created_by", written.created_by),
                ("updated_by", written.updated_by),
                ("version", written.version),
                ("default_value", !written.default_value.is_empty()),
            ];
            for (name, _) in unserved.into_iter().filter(|(_, written)| *written) {
                self.unserved(name, &field.full_name, &field.location);
            }
        }
    }

    pub(super) fn refuse_guard(&mut self, option: &str, element: &str, location: &Location) {
        self.report.error(
            location.clone(),
            format!("{element} asks for `{option}`, which this version does not enforce"),
            "take it out, and see to it by other means",
        );
    }

    pub(super) fn unserved(&mut self, option: &str, element: &str, location: &Location) {
        self.report.warning(
            location.clone(),
            format!("{element} asks for `{option}`, which this version does not act on"),
            "",
        );
    }
}
