//! Messages as a whole: presence, reserved numbers, oneofs, extensions.

use super::{
    Rule,
    Surface::{Json, Source, Wire},
    comparison::{Comparison, Finding, differing},
    declared::{Type, within},
};
use crate::{Location, Message};

const OPTIONS: [(u32, &str); 3] = [
    (1, "message_set_wire_format"),
    (2, "no_standard_descriptor_accessor"),
    (11, "deprecated_legacy_json_field_conflicts"),
];

impl<'a> Comparison<'a> {
    pub(super) fn messages(&mut self) {
        for (old, new) in self.pairs() {
            match new {
                Some(new) => self.message(old, new),
                None => self.removed_message(old),
            }
        }
        self.removed_extensions();
    }

    fn message(&mut self, old: &'a Message, new: &'a Message) {
        let name = &*old.full_name;
        let pair = (self.before.types.remove(name), self.now.types.remove(name));
        if let (Some(before), Some(now)) = &pair {
            self.moved(name, &new.location, &before.file, &now.file);
            self.reserved(name, &new.location, before, now);
            self.message_options(new, before, now);
            self.extension_ranges(new, before, now);
        }
        self.oneofs(old, new);
        let none = Type::default();
        let now = pair.1.as_ref().unwrap_or(&none);
        let before = pair.0.as_ref().unwrap_or(&none);
        self.fields(old, new, before, now);
        let (Some(before), Some(now)) = pair else {
            return;
        };
        self.before.types.insert(name.to_owned(), before);
        self.now.types.insert(name.to_owned(), now);
    }

    fn removed_message(&mut self, old: &Message) {
        let name = &*old.full_name;
        let place = self.place_of_missing(name, &old.location);
        let text = format!("message {name} is gone");
        let help = "keep the message; it may be marked as deprecated";
        let finding = Finding::new(Rule::MessageRemoved, name, &place, text, help);
        self.report(finding.breaks(&[Source]));
    }

    /// Where something that is gone would stand: in the nearest message around it, or in its file.
    pub(super) fn place_of_missing(&self, name: &str, before: &Location) -> Location {
        let mut scope = name;
        while let Some((around, _)) = scope.rsplit_once('.') {
            if let Some(message) = self.new.message_by_name(around) {
                return message.location.clone();
            }
            scope = around;
        }
        self.file(&before.file)
    }

    /// Numbers and names that were not to be used again and now may.
    pub(super) fn reserved(&mut self, name: &str, place: &Location, before: &Type, now: &Type) {
        let numbers = before
            .reserved
            .iter()
            .filter(|(start, end)| !covered(&now.reserved, *start, *end));
        let numbers = numbers.map(|(start, end)| match start == end {
            true => start.to_string(),
            false => format!("{start} to {end}"),
        });
        let names = before.reserved_names.iter();
        let names = names.filter(|name| !now.reserves_name(name));
        let gone: Vec<_> = numbers
            .chain(names.map(|name| format!("{name:?}")))
            .collect();
        for gone in gone {
            let text = format!("{name} does not reserve {gone} any more");
            let help = "keep what is reserved: somebody may still send what it stood for";
            let finding = Finding::new(Rule::ReservedRemoved, name, place, text, help);
            self.report(finding.breaks(&[Wire, Json, Source]));
        }
    }

    fn message_options(&mut self, new: &Message, before: &Type, now: &Type) {
        let changed: Vec<_> = differing(&OPTIONS, &before.options, &now.options).collect();
        for option in changed {
            let text = format!("{} has another {option}", new.full_name);
            let help = "keep the option";
            let finding = Finding::new(
                Rule::MessageOptionChanged,
                &new.full_name,
                &new.location,
                text,
                help,
            );
            self.report(match option {
                "message_set_wire_format" => finding.breaks(&[Wire, Json, Source]),
                "no_standard_descriptor_accessor" => finding.breaks(&[Source]),
                _ => finding.breaks(&[Json, Source]),
            });
        }
    }

    fn extension_ranges(&mut self, new: &Message, before: &Type, now: &Type) {
        for (start, end) in &before.extension_ranges {
            if !covered(&now.extension_ranges, *start, *end) {
                let text = format!(
                    "{} keeps {start} to {end} for extensions no more",
                    new.full_name
                );
                let help = "keep the range; extensions of others use it";
                let rule = Rule::ExtensionRangeRemoved;
                let finding = Finding::new(rule, &new.full_name, &new.location, text, help);
                self.report(finding.breaks(&[Source]));
            }
        }
    }

    fn oneofs(&mut self, old: &Message, new: &Message) {
        for oneof in &old.oneofs {
            if new.oneofs.iter().all(|other| other.name != oneof.name) {
                let element = format!("{}.{}", old.full_name, oneof.name);
                let text = format!("oneof {element} is gone");
                let help = "keep the oneof";
                let finding = Finding::new(Rule::OneofRemoved, &element, &new.location, text, help);
                self.report(finding.breaks(&[Source]));
            }
        }
    }

    fn removed_extensions(&mut self) {
        let extensions = std::mem::take(&mut self.before.extensions);
        for (name, file) in &extensions {
            match self.now.extensions.get(name).cloned() {
                Some(now) => self.moved(name, &self.file(&now), file, &now),
                None => {
                    let text = format!("extension {name} is gone");
                    let help = "keep the extension";
                    let place = self.place_of_missing(name, &self.file(file));
                    let finding = Finding::new(Rule::ExtensionRemoved, name, &place, text, help);
                    self.report(finding.breaks(&[Source]));
                }
            }
        }
        self.before.extensions = extensions;
    }
}

/// Whether every number is within one of the ranges.
fn covered(ranges: &[(i64, i64)], start: i64, end: i64) -> bool {
    let mut next = start;
    while next <= end {
        let Some(range) = ranges.iter().find(|range| within(&[**range], next)) else {
            return false;
        };
        next = range.1 + 1;
    }
    true
}
