//! Fields: type, cardinality, presence.

use std::sync::Arc;

use super::{Reader, defaults, names::Symbol};
use crate::{
    Behavior, Cardinality, Field, Kind, Location, Presence,
    descriptor::{self, Features, Label, Type},
    options::google_api::FieldBehavior,
};

/// The largest field number, 2^29-1.
const MAX_NUMBER: u32 = 536_870_911;

/// The message that a field is read for.
pub(super) struct Owner {
    pub(super) input: usize,
    pub(super) path: Vec<i32>,
    /// Number of the descriptor's list that the field stands in, as `SourceCodeInfo` spells paths.
    pub(super) list: i32,
    pub(super) full_name: Arc<str>,
    pub(super) features: Features,
    pub(super) map_entry: bool,
    /// Position among the kept oneofs, by position in the descriptor.
    pub(super) oneofs: Vec<Option<usize>>,
    /// What holds for the members of a oneof, by the same position.
    pub(super) oneof_features: Vec<Features>,
}

impl Owner {
    /// What holds for one of its fields.
    fn features_of(&self, raw: &descriptor::Field) -> Features {
        let oneof = raw
            .oneof_index
            .and_then(|index| self.oneof_features.get(usize::try_from(index).ok()?));
        let around = oneof.copied().unwrap_or(self.features);
        let options = raw.options.as_ref();
        around.with(options.and_then(|options| options.features.as_ref()))
    }
}

impl Reader<'_> {
    /// `None` when the field has no meaning; the reason is reported.
    pub(super) fn field(
        &mut self,
        owner: &Owner,
        index: i32,
        raw: &descriptor::Field,
    ) -> Option<Field> {
        let element: Vec<_> = [&*owner.path, &[owner.list, index]].concat();
        let source = &self.inputs[owner.input].source;
        let (location, comment) = (source.location(&element), source.comment(&element));
        let full_name: Arc<str> = format!("{}.{}", owner.full_name, raw.name).into();
        let number = self.number(raw, &full_name, &location)?;
        let features = owner.features_of(raw);
        let kind = self.kind(raw, &full_name, &location)?;
        let kind = self.delimited(kind, owner, features);
        let cardinality = self.cardinality(raw, kind);
        let default = match &raw.default_value {
            Some(text) => self.default(text, kind, &full_name, &location),
            None => None,
        };
        let options = raw.options.clone().unwrap_or_default();
        Some(Field {
            number,
            name: raw.name.as_str().into(),
            json_name: json_name(raw),
            full_name,
            kind,
            cardinality,
            presence: presence(raw, kind, features),
            packed: cardinality == Cardinality::Repeated
                && is_packable(kind)
                && options.packed.unwrap_or(features.packed),
            strict_utf8: features.utf8 && kind == Kind::String,
            oneof: oneof(raw, owner),
            default,
            behavior: behavior(&options.behavior),
            hidden: options.field.as_ref().is_some_and(|field| field.hidden),
            deprecated: options.deprecated,
            resource_reference: resource_reference(&options),
            comment,
            location,
        })
    }

    fn number(
        &mut self,
        raw: &descriptor::Field,
        full_name: &str,
        location: &Location,
    ) -> Option<u32> {
        let number = u32::try_from(raw.number).ok();
        let number = number.filter(|number| (1..=MAX_NUMBER).contains(number));
        if number.is_none() {
            let text = format!("{full_name} has the number {}", raw.number);
            let help = "take a number from 1 to 536870911";
            self.report.error(location.clone(), text, help);
        }
        number
    }

    fn kind(
        &mut self,
        raw: &descriptor::Field,
        full_name: &str,
        location: &Location,
    ) -> Option<Kind> {
        let declared = Type::try_from(raw.r#type).ok();
        if let Some(kind) = declared.and_then(scalar) {
            return Some(kind);
        }
        match (declared, self.names.resolve(&raw.type_name)) {
            (Some(Type::Message | Type::Unset), Some(Symbol::Message(id))) => {
                Some(Kind::Message(id))
            }
            (Some(Type::Group), Some(Symbol::Message(id))) => Some(Kind::Group(id)),
            (Some(Type::Enum | Type::Unset), Some(Symbol::Enum(id))) => Some(Kind::Enum(id)),
            _ => {
                let text = format!("{full_name} has the unknown type `{}`", raw.type_name);
                let help = "check the spelling, and that the file which declares it is imported";
                self.report.error(location.clone(), text, help);
                None
            }
        }
    }

    /// Messages that are written between two tags are groups on the wire; map entries never are.
    fn delimited(&self, kind: Kind, owner: &Owner, features: Features) -> Kind {
        match kind {
            Kind::Message(id)
                if features.delimited && !owner.map_entry && !self.is_map_entry(id) =>
            {
                Kind::Group(id)
            }
            other => other,
        }
    }

    fn cardinality(&self, raw: &descriptor::Field, kind: Kind) -> Cardinality {
        if raw.label() != Label::Repeated {
            return Cardinality::Singular;
        }
        match kind {
            Kind::Message(id) if self.is_map_entry(id) => Cardinality::Map,
            _ => Cardinality::Repeated,
        }
    }

    fn default(
        &mut self,
        text: &str,
        kind: Kind,
        full_name: &str,
        location: &Location,
    ) -> Option<crate::DefaultValue> {
        let value = match kind {
            Kind::Enum(id) => self
                .raw_enum(id)
                .value
                .iter()
                .find(|value| value.name == text)
                .map(|value| crate::DefaultValue::Enum(value.number)),
            _ => defaults::parse(text, kind),
        };
        if value.is_none() {
            let text =
                format!("{full_name} has the default `{text}`, which is no value of its type");
            self.report.error(location.clone(), text, "");
        }
        value
    }
}

pub(crate) fn scalar(declared: Type) -> Option<Kind> {
    Some(match declared {
        Type::Double => Kind::Double,
        Type::Float => Kind::Float,
        Type::Int64 => Kind::Int64,
        Type::Uint64 => Kind::Uint64,
        Type::Int32 => Kind::Int32,
        Type::Fixed64 => Kind::Fixed64,
        Type::Fixed32 => Kind::Fixed32,
        Type::Bool => Kind::Bool,
        Type::String => Kind::String,
        Type::Bytes => Kind::Bytes,
        Type::Uint32 => Kind::Uint32,
        Type::Sfixed32 => Kind::Sfixed32,
        Type::Sfixed64 => Kind::Sfixed64,
        Type::Sint32 => Kind::Sint32,
        Type::Sint64 => Kind::Sint64,
        Type::Unset | Type::Group | Type::Message | Type::Enum => return None,
    })
}

fn is_packable(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::String | Kind::Bytes | Kind::Message(_) | Kind::Group(_)
    )
}

fn presence(raw: &descriptor::Field, kind: Kind, features: Features) -> Presence {
    match raw.label() {
        Label::Required => Presence::Required,
        _ if features.presence == Presence::Required => Presence::Required,
        _ if raw.oneof_index.is_some() => Presence::Explicit,
        _ if matches!(kind, Kind::Message(_) | Kind::Group(_)) => Presence::Explicit,
        _ => features.presence,
    }
}

fn oneof(raw: &descriptor::Field, owner: &Owner) -> Option<usize> {
    let declared = usize::try_from(raw.oneof_index?).ok()?;
    owner.oneofs.get(declared).copied().flatten()
}

fn behavior(declared: &[i32]) -> Behavior {
    let has = |behavior: FieldBehavior| declared.contains(&behavior.into());
    Behavior {
        required: has(FieldBehavior::Required),
        output_only: has(FieldBehavior::OutputOnly),
        input_only: has(FieldBehavior::InputOnly),
        immutable: has(FieldBehavior::Immutable),
        identifier: has(FieldBehavior::Identifier),
    }
}

fn resource_reference(options: &descriptor::FieldOptions) -> Option<Arc<str>> {
    let reference = options.resource_reference.as_ref()?;
    let named = [&reference.r#type, &reference.child_type];
    let named = named.into_iter().find(|name| !name.is_empty())?;
    Some(named.as_str().into())
}

/// The given JSON name, else the one every compiler derives: underscores out, the letter behind each in upper case.
fn json_name(raw: &descriptor::Field) -> Arc<str> {
    if !raw.json_name.is_empty() {
        return raw.json_name.as_str().into();
    }
    lower_camel(&raw.name).into()
}

/// `page_size` to `pageSize`, as compilers derive JSON names.
pub(crate) fn lower_camel(name: &str) -> String {
    let mut camel = String::with_capacity(name.len());
    let mut raise = false;
    for letter in name.chars() {
        if letter == '_' {
            raise = true;
        } else if std::mem::take(&mut raise) {
            camel.push(letter.to_ascii_uppercase());
        } else {
            camel.push(letter);
        }
    }
    camel
}
