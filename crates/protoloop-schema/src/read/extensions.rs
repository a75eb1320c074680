//! proto2 extensions.

use super::{Reader, fields::Owner, join, names::Declared};
use crate::{
    Field, MessageId,
    descriptor::{self, Features, path},
};

/// Annotations extend these; they are read where they stand, and no message of them crosses the wire.
const OPTIONS: &str = ".google.protobuf.";

impl Reader<'_> {
    /// All extensions, with the messages they extend.
    pub(super) fn extensions(&mut self) -> Vec<(MessageId, Field)> {
        let mut found = Vec::new();
        for (input, one) in self.inputs.iter().enumerate() {
            let file = Declared {
                full_name: one.file.package.as_str().into(),
                input,
                path: Vec::new(),
            };
            self.extensions_in(&file, path::FILE_EXTENSION, &one.file.extension, &mut found);
        }
        for declared in self.names.messages.clone() {
            let raw = descriptor::message_at(self.inputs[declared.input].file, &declared.path);
            self.extensions_in(
                &declared,
                path::MESSAGE_EXTENSION,
                &raw.extension,
                &mut found,
            );
        }
        found
    }

    fn extensions_in(
        &mut self,
        scope: &Declared,
        list: i32,
        extensions: &[descriptor::Field],
        found: &mut Vec<(MessageId, Field)>,
    ) {
        let owner = Owner {
            input: scope.input,
            path: scope.path.clone(),
            list,
            full_name: scope.full_name.clone(),
            features: Features::at(self.inputs[scope.input].file, &scope.path),
            map_entry: false,
            oneofs: Vec::new(),
            oneof_features: Vec::new(),
        };
        for (index, raw) in (0..).zip(extensions) {
            if raw.extendee.starts_with(OPTIONS) {
                continue;
            }
            let Some(extended) = self.names.message(&raw.extendee) else {
                let location = self.inputs[scope.input].source.location(&scope.path);
                let text = format!(
                    "`{}` extends the unknown message `{}`",
                    raw.name, raw.extendee
                );
                let help = "check the spelling, and that the file which declares it is imported";
                self.report.error(location, text, help);
                continue;
            };
            if let Some(mut field) = self.field(&owner, index, raw) {
                let name = format!("[{}]", join(&scope.full_name, &raw.name));
                field.name = name.as_str().into();
                field.json_name = name.into();
                found.push((extended, field));
            }
        }
    }
}
