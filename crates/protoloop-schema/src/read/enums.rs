//! Enums.

use std::collections::HashMap;

use super::{Reader, messages::well_known};
use crate::{
    Enum, EnumId, EnumValue, MessageId, WellKnown,
    descriptor::{self, Features, path},
};

impl Reader<'_> {
    /// All enums, in the order of their ids.
    pub(super) fn enums(&mut self) -> Vec<Enum> {
        let ids = (0..).map(EnumId).take(self.names.enums.len());
        let enums: Vec<_> = ids.map(|id| self.enumeration(id)).collect();
        for item in enums.iter().filter(|item| item.values.is_empty()) {
            let text = format!("{} has no values", item.full_name);
            let help = "give it at least one, the first with number 0";
            self.report.error(item.location.clone(), text, help);
        }
        for item in &enums {
            self.check_labels(item);
        }
        enums
    }

    /// A label stands for one number.
    fn check_labels(&mut self, item: &Enum) {
        let mut numbers = HashMap::new();
        for value in item.values.iter().filter(|value| !value.label.is_empty()) {
            let first = numbers.entry(&value.label).or_insert(value.number);
            if *first != value.number {
                let text = format!(
                    "{} has two values with the label `{}`",
                    item.full_name, value.label
                );
                let help = "give one of them another";
                self.report.error(item.location.clone(), text, help);
            }
        }
    }

    fn enumeration(&self, id: EnumId) -> Enum {
        let declared = &self.names.enums[id.index()];
        let input = &self.inputs[declared.input];
        let value = |(index, value): (i32, &descriptor::EnumValue)| EnumValue {
            name: value.name.as_str().into(),
            number: value.number,
            label: label(value).into(),
            comment: input
                .source
                .comment(&[&*declared.path, &[path::ENUM_VALUE, index]].concat()),
        };
        Enum {
            id,
            full_name: declared.full_name.clone(),
            values: (0..).zip(&self.raw_enum(id).value).map(value).collect(),
            open: Features::at(input.file, &declared.path).open_enums,
            null_value: &*declared.full_name == "google.protobuf.NullValue",
            comment: input.source.comment(&declared.path),
            location: input.source.location(&declared.path),
        }
    }

    pub(super) fn raw_enum(&self, id: EnumId) -> &descriptor::Enum {
        let declared = &self.names.enums[id.index()];
        let file = self.inputs[declared.input].file;
        let (outer, own) = declared.path.split_at(declared.path.len() - 2);
        let index = usize::try_from(own[1]).expect("paths are built from indices");
        if outer.is_empty() {
            &file.enum_type[index]
        } else {
            &descriptor::message_at(file, outer).enum_type[index]
        }
    }

    pub(super) fn raw_message(&self, id: MessageId) -> &descriptor::Message {
        let declared = &self.names.messages[id.index()];
        descriptor::message_at(self.inputs[declared.input].file, &declared.path)
    }

    pub(super) fn is_well_known(&self, id: MessageId, known: WellKnown) -> bool {
        well_known(&self.names.messages[id.index()].full_name) == Some(known)
    }

    pub(super) fn is_map_entry(&self, id: MessageId) -> bool {
        let options = &self.raw_message(id).options;
        options.as_ref().is_some_and(|options| options.map_entry)
    }
}

/// What a column holds for a value; empty for nothing.
fn label(value: &descriptor::EnumValue) -> &str {
    let options = value
        .options
        .as_ref()
        .and_then(|options| options.value.as_ref());
    options.map_or("", |options| &options.label)
}
