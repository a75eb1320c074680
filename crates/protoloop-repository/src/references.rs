//! Keys that refer to rows of other models.

use protoloop_core::{Detail, Error, PreconditionViolation};
use protoloop_schema::{Presence, Reference};

use crate::Model;

impl Model {
    /// The keys of the model that refer to others and that a database's foreign key holds true.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let id = self.entity().id;
        let all = self.schema().references().iter();
        all.filter(move |reference| reference.from == id && reference.is_foreign_key())
    }

    /// The keys of other models, and of this one, that refer to its rows so.
    pub fn referring(&self) -> impl Iterator<Item = &Reference> {
        let id = self.entity().id;
        let all = self.schema().references().iter();
        all.filter(move |reference| reference.to == id && reference.is_foreign_key())
    }

    /// Whether an unset field is null although it has no presence: so it is in a key that refers to another model, where
    /// the default refers to nothing.
    #[must_use]
    pub fn unset_is_null(&self, number: u32) -> bool {
        !self.entity().key.contains(&number)
            && self.references().any(|reference| reference.key == number)
            && self
                .field(number)
                .is_some_and(|field| field.presence == Presence::Implicit && field.oneof.is_none())
    }

    /// FAILED_PRECONDITION: a key of the model refers to no row.
    #[must_use]
    pub fn dangling(&self, reference: &Reference) -> Error {
        let field = self.field_name(reference.key);
        let target = &self.schema().entity(reference.to).singular;
        let message = format!("{field}: there is no such {target}");
        let subject = format!("{}.{field}", self.full_name());
        violation(
            &message,
            &field,
            self,
            subject,
            format!("create the {target} first, or name another"),
        )
    }

    /// FAILED_PRECONDITION: several fields, which only the database knows to refer to another row together, refer to none.
    #[must_use]
    pub fn dangling_together(&self, fields: &[u32]) -> Error {
        let names: Vec<String> = fields.iter().map(|field| self.field_name(*field)).collect();
        let fields = names.join(", ");
        let message = format!("{fields}: there is no row that these refer to");
        let subject = format!("{}.{fields}", self.full_name());
        let help = "create that row first, or name another".to_owned();
        violation(&message, &fields, self, subject, help)
    }

    /// FAILED_PRECONDITION: a key that may refer to several models, and nothing that says to which.
    #[must_use]
    pub(crate) fn untold(&self, key: u32, discriminator: u32, models: &[&str]) -> Error {
        let (key, field) = (self.field_name(key), self.field_name(discriminator));
        let names = models.join("`, `");
        let message = format!("{field}: names no model that {key} refers to; there is `{names}`");
        let subject = format!("{}.{field}", self.full_name());
        let help = format!("name the model of the row that {key} refers to");
        violation(&message, &field, self, subject, help)
    }

    /// FAILED_PRECONDITION: rows refer to one of the model that is to be deleted. They are not told.
    #[must_use]
    pub fn still_referred(&self, reference: &Reference) -> Error {
        let schema = self.schema();
        let from = schema.entity(reference.from);
        let holder = schema.message(from.message);
        let field = holder
            .field_by_number(reference.key)
            .map_or("", |(_, field)| &*field.name);
        let singular = &self.entity().singular;
        let message = format!("{} refer to the {singular} by their {field}", from.plural);
        let subject = format!("{}.{field}", holder.full_name);
        let help = format!(
            "delete the {} first, or let them refer to another {singular}",
            from.plural
        );
        violation(&message, field, self, subject, help)
    }
}

fn violation(message: &str, field: &str, model: &Model, subject: String, help: String) -> Error {
    Error::failed_precondition(message.to_owned())
        .with_detail(Detail::ErrorInfo {
            reason: "FOREIGN_KEY".to_owned(),
            domain: model.message().package.to_string(),
            metadata: vec![("field".to_owned(), field.to_owned())],
        })
        .with_detail(Detail::PreconditionFailure(vec![PreconditionViolation {
            kind: "FOREIGN_KEY".to_owned(),
            subject,
            description: help,
        }]))
}
