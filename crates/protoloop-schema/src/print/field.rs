//! Fields: label, type, name, number, options.

use super::{
    body::Printer,
    raw::{Field, Message},
    text::quote,
};
use crate::{
    descriptor::{Label, Type},
    read::lower_camel,
};

const OPTIONS: &str = "google.protobuf.FieldOptions";

impl Printer<'_> {
    /// The line of a field, with its semicolon. `message` is where its map entry is, `scope` what its type is relative
    /// to.
    pub(super) fn field_line(
        &self,
        field: &Field,
        message: Option<&Message>,
        scope: &str,
    ) -> String {
        let label = self.label(field);
        let declared = match map_entry(field, message) {
            Some((key, value)) => {
                let (key, value) = (self.type_of(key, scope), self.type_of(value, scope));
                format!("map<{key}, {value}>")
            }
            None => format!("{label}{}", self.type_of(field, scope)),
        };
        let options = self.field_options(field, scope);
        format!("{declared} {} = {}{options};", field.name, field.number)
    }

    pub(super) fn label(&self, field: &Field) -> &'static str {
        match field.label() {
            Label::Repeated => "repeated ",
            Label::Required => "required ",
            Label::Optional | Label::Unset => {
                let proto2 = !self.proto3 && field.oneof_index.is_none();
                if proto2 || field.proto3_optional {
                    "optional "
                } else {
                    ""
                }
            }
        }
    }

    fn type_of(&self, field: &Field, scope: &str) -> String {
        let scalar = match field.r#type() {
            Type::Unset | Type::Group | Type::Message | Type::Enum => {
                return self
                    .names
                    .spell(&field.type_name, scope, &self.file.package);
            }
            scalar => scalar,
        };
        format!("{scalar:?}").to_lowercase()
    }

    /// In brackets, behind the number; empty when there are none.
    pub(super) fn field_options(&self, field: &Field, scope: &str) -> String {
        let mut options = Vec::new();
        if let Some(default) = &field.default_value {
            options.push(match field.r#type() {
                Type::String => format!("default = {}", quote(default.as_bytes())),
                // Descriptors carry bytes with their escapes.
                Type::Bytes => format!("default = \"{default}\""),
                _ => format!("default = {default}"),
            });
        }
        let derived = field.json_name.is_empty() || field.json_name == lower_camel(&field.name);
        if !derived && field.extendee.is_empty() {
            options.push(format!("json_name = {}", quote(field.json_name.as_bytes())));
        }
        options.extend(self.options(OPTIONS, &field.options, scope));
        if options.is_empty() {
            String::new()
        } else {
            format!(" [{}]", options.join(", "))
        }
    }
}

/// Key and value of a map field.
fn map_entry<'m>(field: &Field, message: Option<&'m Message>) -> Option<(&'m Field, &'m Field)> {
    let name = field.type_name.rsplit('.').next()?;
    let nested = &message?.nested_type;
    let entry = nested
        .iter()
        .find(|nested| nested.name == name && is_map_entry(nested))?;
    match &*entry.field {
        [key, value] => Some((key, value)),
        _ => None,
    }
}

/// `map_entry = true`, the seventh of the message options.
pub(super) fn is_map_entry(message: &Message) -> bool {
    super::wire::Fields::new(&message.options)
        .any(|(number, value)| number == 7 && matches!(value, super::wire::Value::Varint(1)))
}
