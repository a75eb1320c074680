//! Fields that the server fills.

use super::{
    Reader,
    entities::Marked,
    keys::{is_integer, is_string},
};
use crate::{
    Cardinality, DefaultValue, Field, Kind, Message, Presence, WellKnown,
    options::protoloop_v1::{FieldOptions, ModelOptions},
};

impl Reader<'_> {
    /// The time of a soft delete, for a model whose rows are only marked.
    pub(super) fn delete_time(
        &mut self,
        message: &Message,
        options: &ModelOptions,
        marked: &[Marked<'_>],
    ) -> Option<u32> {
        let found = self.time(marked, "delete_time", |options| options.delete_time);
        let (text, help) = match found {
            Some(_) if !options.soft_delete => (
                format!(
                    "{} has a delete_time and no `soft_delete`",
                    message.full_name
                ),
                "write `soft_delete: true` in the model, or take `delete_time` away",
            ),
            None if options.soft_delete => (
                format!(
                    "{} asks for `soft_delete` and has no delete_time",
                    message.full_name
                ),
                "give it a field for it: `google.protobuf.Timestamp delete_time = 9 \
                 [(protoloop.v1.field) = { delete_time: true }];`",
            ),
            _ => return found,
        };
        self.report.error(message.location.clone(), text, help);
        found
    }

    /// The field with the subject of a caller.
    pub(super) fn subject(
        &mut self,
        marked: &[Marked<'_>],
        name: &str,
        is_marked: impl Fn(&FieldOptions) -> bool,
    ) -> Option<u32> {
        let field = self.only(marked, name, is_marked)?;
        if !is_string(field) || !is_plain(field) {
            let text = format!("{} is a {name} and no string", field.full_name);
            let help = format!("declare it as `string {} = {}`", field.name, field.number);
            self.report.error(field.location.clone(), text, help);
        }
        Some(field.number)
    }

    pub(super) fn version(&mut self, marked: &[Marked<'_>]) -> Option<u32> {
        let field = self.only(marked, "version", |options| options.version)?;
        if !is_integer(field) || !is_plain(field) {
            let text = format!("{} is a version and no integer", field.full_name);
            let help = format!("declare it as `int64 {} = {}`", field.name, field.number);
            self.report.error(field.location.clone(), text, help);
        }
        Some(field.number)
    }

    pub(super) fn tenant_key(&mut self, marked: &[Marked<'_>]) -> Option<u32> {
        let field = self.only(marked, "tenant_key", |options| options.tenant_key)?;
        let is_id = marked
            .iter()
            .any(|marked| marked.field.number == field.number && marked.options.id != 0);
        if !(is_string(field) || is_integer(field)) || !is_plain(field) || is_id {
            let text = format!("{} cannot be a tenant key", field.full_name);
            let help = format!(
                "declare it as `string {} = {}`, neither repeated, in a oneof nor the id",
                field.name, field.number
            );
            self.report.error(field.location.clone(), text, help);
        }
        Some(field.number)
    }

    /// What rows get that are created without a field.
    pub(super) fn defaults(&mut self, marked: &[Marked<'_>]) -> Vec<(u32, DefaultValue)> {
        let mut defaults = Vec::new();
        for marked in marked {
            let (field, written) = (marked.field, &marked.options.default_value);
            if written.is_empty() {
                continue;
            }
            let filled = fills(&marked.options);
            match self.default_value(field, written) {
                Ok(value) if !filled => {
                    defaults.push((field.number, value));
                    self.warn_of_zero(field);
                }
                refused => {
                    let why = refused
                        .err()
                        .unwrap_or("the server fills the field already");
                    let text = format!("{} cannot begin as `{written}`: {why}", field.full_name);
                    let help = "write the value as in JSON, strings and enum values without quotes";
                    self.report.error(field.location.clone(), text, help);
                }
            }
        }
        defaults
    }

    fn default_value(&self, field: &Field, text: &str) -> Result<DefaultValue, &'static str> {
        if !is_plain(field) {
            return Err("neither a list, a map nor a member of a oneof has a default");
        }
        let integer = |range: std::ops::RangeInclusive<i64>| {
            let number = text.parse().ok().filter(|number| range.contains(number));
            number.map(DefaultValue::Int).ok_or("it is no such integer")
        };
        let unsigned = |max: u64| {
            let number = text.parse().ok().filter(|number| *number <= max);
            number
                .map(DefaultValue::Uint)
                .ok_or("it is no such integer")
        };
        match field.kind {
            Kind::Bool => text
                .parse()
                .map(DefaultValue::Bool)
                .map_err(|_| "it is no bool"),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
                integer(i64::from(i32::MIN)..=i64::from(i32::MAX))
            }
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => integer(i64::MIN..=i64::MAX),
            Kind::Uint32 | Kind::Fixed32 => unsigned(u64::from(u32::MAX)),
            Kind::Uint64 | Kind::Fixed64 => unsigned(u64::MAX),
            Kind::Float | Kind::Double => text
                .parse()
                .map(DefaultValue::Float)
                .map_err(|_| "it is no number"),
            Kind::String => Ok(DefaultValue::String(text.into())),
            Kind::Enum(id) => {
                let values = &self.raw_enum(id).value;
                let named = values.iter().find(|value| value.name == text);
                named
                    .map(|value| DefaultValue::Enum(value.number))
                    .ok_or("the enum has no such value")
            }
            Kind::Bytes | Kind::Message(_) | Kind::Group(_) => Err("its type has no default"),
        }
    }

    /// Without presence, a zero that a caller sends is a field that is left out.
    fn warn_of_zero(&mut self, field: &Field) {
        let number = !matches!(field.kind, Kind::String | Kind::Enum(_));
        if number && field.presence == Presence::Implicit {
            let text = format!(
                "{} has a default and no presence, so that a caller cannot create a row with zero in it",
                field.full_name
            );
            self.report
                .warning(field.location.clone(), text, "declare it `optional`");
        }
    }

    pub(super) fn etag(&mut self, marked: &[Marked<'_>]) -> Option<u32> {
        let field = self.only(marked, "etag", |options| options.etag)?;
        if !is_string(field) || field.cardinality != Cardinality::Singular {
            let text = format!("{} is an etag and no string", field.full_name);
            let help = format!("declare it as `string {} = {}`", field.name, field.number);
            self.report.error(field.location.clone(), text, help);
        }
        Some(field.number)
    }

    pub(super) fn time(
        &mut self,
        marked: &[Marked<'_>],
        name: &str,
        is_marked: impl Fn(&FieldOptions) -> bool,
    ) -> Option<u32> {
        let field = self.only(marked, name, is_marked)?;
        let timestamp = match field.kind {
            Kind::Message(id) => self.is_well_known(id, WellKnown::Timestamp),
            _ => false,
        };
        if !timestamp || field.cardinality != Cardinality::Singular {
            self.report.error(
                field.location.clone(),
                format!("{} is a {name} and no google.protobuf.Timestamp", field.full_name),
                format!(
                    "declare it as `google.protobuf.Timestamp {} = {}` and import google/protobuf/timestamp.proto",
                    field.name, field.number
                ),
            );
        }
        Some(field.number)
    }

    /// The field with an option that at most one may have.
    fn only<'m>(
        &mut self,
        marked: &[Marked<'m>],
        name: &str,
        is_marked: impl Fn(&FieldOptions) -> bool,
    ) -> Option<&'m Field> {
        let mut found = marked.iter().filter(|marked| is_marked(&marked.options));
        let first = found.next()?.field;
        for other in found {
            let text = format!(
                "{} is a second {name}, beside `{}`",
                other.field.full_name, first.name
            );
            let help = format!("leave `{name}: true` at one of them");
            self.report.error(other.field.location.clone(), text, help);
        }
        Some(first)
    }
}

fn is_plain(field: &Field) -> bool {
    field.cardinality == Cardinality::Singular && field.oneof.is_none()
}

/// Whether an option makes the server fill a field.
pub(super) fn fills(options: &FieldOptions) -> bool {
    options.id != 0
        || options.create_time
        || options.update_time
        || options.delete_time
        || options.created_by
        || options.updated_by
        || options.etag
        || options.version
        || options.tenant_key
}
