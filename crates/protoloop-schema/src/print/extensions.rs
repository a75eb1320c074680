//! Finds the extension that an option is.

use std::collections::HashMap;

use super::raw::{Field, File, Message};
use crate::{
    descriptor::{Label, Type},
    read::join,
};

/// A declared extension.
#[derive(Debug)]
pub(super) struct Extension {
    /// `google.api.http`.
    pub(super) full_name: String,
    pub(super) r#type: Type,
    /// Without its leading dot; empty for scalars.
    pub(super) type_name: String,
    pub(super) repeated: bool,
}

/// All extensions of a set, by what they extend and their number.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    by_number: HashMap<(String, u32), Extension>,
}

impl Extensions {
    pub(super) fn collect(files: &[File]) -> Self {
        let mut found = Self::default();
        for file in files {
            found.add(&file.package, &file.extension);
            for message in &file.message_type {
                found.nested(&file.package, message);
            }
        }
        found
    }

    pub(super) fn get(&self, extendee: &str, number: u32) -> Option<&Extension> {
        self.by_number.get(&(extendee.to_owned(), number))
    }

    fn nested(&mut self, scope: &str, message: &Message) {
        let scope = join(scope, &message.name);
        self.add(&scope, &message.extension);
        for message in &message.nested_type {
            self.nested(&scope, message);
        }
    }

    fn add(&mut self, scope: &str, fields: &[Field]) {
        for field in fields {
            let (Ok(number), Ok(declared)) =
                (u32::try_from(field.number), Type::try_from(field.r#type))
            else {
                continue;
            };
            let extension = Extension {
                full_name: join(scope, &field.name).as_ref().to_owned(),
                r#type: declared,
                type_name: field.type_name.trim_start_matches('.').to_owned(),
                repeated: field.label() == Label::Repeated,
            };
            let extendee = field.extendee.trim_start_matches('.').to_owned();
            self.by_number.insert((extendee, number), extension);
        }
    }
}
