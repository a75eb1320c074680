//! Options that nothing acts on.

use super::Reader;
use crate::{Location, Message, options::protoloop_v1::ModelOptions};

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
    pub(super) fn name_unserved(&mut self, message: &Message, options: &ModelOptions) {
        let guarded = options
            .service
            .as_ref()
            .and_then(|service| service.auth.as_ref());
        if guarded.is_some_and(|auth| !auth.public) {
            self.refuse_guard("service.auth", &message.full_name, &message.location);
        }
    }

    pub(super) fn refuse_guard(&mut self, option: &str, element: &str, location: &Location) {
        if self.options.upstream {
            return;
        }
        self.report.error(
            location.clone(),
            format!("{element} asks for `{option}`, which this version does not enforce"),
            "take it out, and see to it by other means",
        );
    }

    pub(super) fn unserved(&mut self, option: &str, element: &str, location: &Location) {
        if self.options.upstream {
            return;
        }
        self.report.warning(
            location.clone(),
            format!("{element} asks for `{option}`, which this version does not act on"),
            "",
        );
    }
}
