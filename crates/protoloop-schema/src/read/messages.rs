//! Messages and their oneofs.

use std::sync::Arc;

use super::{Reader, fields::Owner};
use crate::{
    Cardinality, Field, Kind, Message, MessageId, Oneof, WellKnown,
    descriptor::{self, Features},
};

impl Reader<'_> {
    /// All messages, in the order of their ids.
    pub(super) fn messages(&mut self) -> Vec<Message> {
        let mut messages = Vec::with_capacity(self.names.messages.len());
        for id in (0..).map(MessageId).take(self.names.messages.len()) {
            messages.push(self.message(id));
        }
        for message in messages.iter().filter(|message| message.map_entry) {
            self.check_map_entry(message);
        }
        messages
    }

    fn message(&mut self, id: MessageId) -> Message {
        let declared = self.names.messages[id.index()].clone();
        let input = &self.inputs[declared.input];
        let raw = descriptor::message_at(input.file, &declared.path);
        let (kept, oneofs) = real_oneofs(raw);
        let features = Features::at(input.file, &declared.path);
        let mut message = Message {
            id,
            well_known: well_known(&declared.full_name),
            synthesised: self.made.contains(&*declared.full_name),
            full_name: declared.full_name,
            name: raw.name.as_str().into(),
            package: input.file.package.as_str().into(),
            fields: Vec::with_capacity(raw.field.len()),
            oneofs,
            map_entry: raw
                .options
                .as_ref()
                .is_some_and(|options| options.map_entry),
            entity: None,
            comment: input.source.comment(&declared.path),
            location: input.source.location(&declared.path),
        };
        let owner = Owner {
            input: declared.input,
            path: declared.path,
            list: descriptor::path::MESSAGE_FIELD,
            full_name: message.full_name.clone(),
            features,
            map_entry: message.map_entry,
            oneofs: kept,
            oneof_features: oneof_features(raw, features),
        };
        for (index, field) in (0..).zip(&raw.field) {
            if let Some(field) = self.field(&owner, index, field) {
                insert_field(&mut message, field);
            }
        }
        self.check_numbers(&message);
        message
    }

    fn check_numbers(&mut self, message: &Message) {
        let mut seen: Vec<&Field> = Vec::with_capacity(message.fields.len());
        for field in &message.fields {
            let clash = seen
                .iter()
                .find(|other| other.number == field.number || other.name == field.name);
            if let Some(other) = clash {
                let text = format!(
                    "{} has the number or name of {} (= {})",
                    field.full_name, other.full_name, other.number
                );
                let help = "give each field of a message its own number and name";
                self.report.error(field.location.clone(), text, help);
            }
            seen.push(field);
        }
    }

    /// The wire reader relies on the shape of entries, which a set from elsewhere may lack.
    fn check_map_entry(&mut self, entry: &Message) {
        let key = entry.field_by_number(1).map(|(_, field)| field);
        let value = entry.field_by_number(2).map(|(_, field)| field);
        let sound = key
            .is_some_and(|key| is_map_key(key.kind) && key.cardinality == Cardinality::Singular)
            && value.is_some_and(|value| value.cardinality == Cardinality::Singular)
            && entry.fields.len() == 2;
        if !sound {
            let text = format!("{} is no valid map entry", entry.full_name);
            let help = "declare the field as `map<KEY, VALUE>`";
            self.report.error(entry.location.clone(), text, help);
        }
    }
}

fn is_map_key(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Double
            | Kind::Float
            | Kind::Bytes
            | Kind::Enum(_)
            | Kind::Message(_)
            | Kind::Group(_)
    )
}

fn insert_field(message: &mut Message, field: Field) {
    if let Some(oneof) = field.oneof {
        message.oneofs[oneof].fields.push(message.fields.len());
    }
    message.fields.push(field);
}

/// What holds for the members of each oneof, by position in the descriptor.
fn oneof_features(message: &descriptor::Message, around: Features) -> Vec<Features> {
    let oneofs = message.oneof_decl.iter();
    oneofs
        .map(|oneof| {
            let options = oneof.options.as_ref();
            around.with(options.and_then(|options| options.features.as_ref()))
        })
        .collect()
}

/// Leaves out the oneofs that stand for `optional`; gives new positions by old ones.
fn real_oneofs(message: &descriptor::Message) -> (Vec<Option<usize>>, Vec<Oneof>) {
    let mut kept = Vec::with_capacity(message.oneof_decl.len());
    let mut oneofs = Vec::new();
    for (index, oneof) in (0_i32..).zip(&message.oneof_decl) {
        let synthetic = message
            .field
            .iter()
            .any(|field| field.oneof_index == Some(index) && field.proto3_optional);
        kept.push((!synthetic).then_some(oneofs.len()));
        if !synthetic {
            oneofs.push(Oneof {
                name: Arc::from(oneof.name.as_str()),
                fields: Vec::new(),
            });
        }
    }
    (kept, oneofs)
}

pub(super) fn well_known(full_name: &str) -> Option<WellKnown> {
    Some(match full_name.strip_prefix("google.protobuf.")? {
        "Any" => WellKnown::Any,
        "Timestamp" => WellKnown::Timestamp,
        "Duration" => WellKnown::Duration,
        "FieldMask" => WellKnown::FieldMask,
        "Struct" => WellKnown::Struct,
        "Value" => WellKnown::Value,
        "ListValue" => WellKnown::ListValue,
        "Empty" => WellKnown::Empty,
        "BoolValue" => WellKnown::BoolValue,
        "Int32Value" => WellKnown::Int32Value,
        "Int64Value" => WellKnown::Int64Value,
        "UInt32Value" => WellKnown::Uint32Value,
        "UInt64Value" => WellKnown::Uint64Value,
        "FloatValue" => WellKnown::FloatValue,
        "DoubleValue" => WellKnown::DoubleValue,
        "StringValue" => WellKnown::StringValue,
        "BytesValue" => WellKnown::BytesValue,
        _ => return None,
    })
}
