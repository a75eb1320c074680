//! Enums and their values.

use super::{
    Rule,
    Surface::{Json, Rows, Source, Wire},
    comparison::{Comparison, Finding, which},
    declared::Type,
};
use crate::{Enum, EnumValue, Kind, Schema};

impl<'a> Comparison<'a> {
    pub(super) fn enums(&mut self) {
        let (old, new) = (self.old, self.new);
        for before in old.enums() {
            let name = &*before.full_name;
            if !self.is_compared(name) {
                continue;
            }
            match new.enum_by_name(name) {
                Some(now) => self.enumeration(before, now),
                None => {
                    let place = self.place_of_missing(name, &before.location);
                    let text = format!("enum {name} is gone");
                    let help = "keep the enum; it may be marked as deprecated";
                    let finding = Finding::new(Rule::EnumRemoved, name, &place, text, help);
                    self.report(finding.breaks(&[Source]));
                }
            }
        }
    }

    fn enumeration(&mut self, old: &'a Enum, new: &'a Enum) {
        let name = &*old.full_name;
        if old.open != new.open {
            let text = format!("{name} is {} now", if new.open { "open" } else { "closed" });
            let help =
                "keep the syntax of its file; a closed enum refuses numbers that it does not know";
            let finding = Finding::new(Rule::EnumTypeChanged, name, &new.location, text, help);
            self.report(finding.breaks(&[Source]));
        }
        let pair = (self.before.types.remove(name), self.now.types.remove(name));
        if let (Some(before), Some(now)) = &pair {
            self.moved(name, &new.location, &before.file, &now.file);
            self.reserved(name, &new.location, before, now);
        }
        let none = Type::default();
        let reserved = pair.1.as_ref().unwrap_or(&none);
        let stored = is_stored(self.old, old);
        let mut numbers: Vec<i32> = old.values.iter().map(|value| value.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            self.number(number, (old, new), reserved, stored);
        }
        let (Some(before), Some(now)) = pair else {
            return;
        };
        self.before.types.insert(name.to_owned(), before);
        self.now.types.insert(name.to_owned(), now);
    }

    /// Compares the names of one number; with `allow_alias` there are several.
    fn number(&mut self, number: i32, (old, new): (&Enum, &Enum), reserved: &Type, stored: bool) {
        let (before, now) = (names(old, number), names(new, number));
        let name = &*old.full_name;
        for gone in before
            .iter()
            .filter(|value| now.iter().all(|other| other.name != value.name))
        {
            let element = format!("{name}.{}", gone.name);
            let elsewhere = new.values.iter().find(|value| value.name == gone.name);
            if let Some(elsewhere) = elsewhere {
                let text = format!(
                    "{element} has the number {} instead of {number}",
                    elsewhere.number
                );
                let help = "keep the number; add a value for another meaning";
                let finding = Finding::new(
                    Rule::EnumValueRenumbered,
                    &element,
                    &new.location,
                    text,
                    help,
                );
                let broken = which(&[(Wire, true), (Json, true), (Rows, stored), (Source, true)]);
                self.report(finding.breaks(&broken));
            } else if let Some(other) = now.first() {
                let text = format!("{element} (= {number}) is called {} now", other.name);
                let help = "keep the name; JSON and filters use it";
                let finding =
                    Finding::new(Rule::EnumValueRenamed, &element, &new.location, text, help);
                self.report(finding.breaks(&[Json, Source]));
            } else {
                self.removed_value(&element, (gone, new), reserved);
            }
        }
    }

    fn removed_value(&mut self, element: &str, (gone, new): (&EnumValue, &Enum), reserved: &Type) {
        let number = reserved.reserves(i64::from(gone.number));
        let name = reserved.reserves_name(&gone.name);
        let text = format!(
            "{element} (= {}) is gone{}",
            gone.number,
            unreserved(number, name)
        );
        let help = "keep the value, or write `reserved` with its number and its name";
        let finding = Finding::new(Rule::EnumValueRemoved, element, &new.location, text, help);
        let broken = which(&[(Wire, !number), (Json, !number || !name), (Source, true)]);
        self.report(finding.breaks(&broken));
    }
}

/// How a text about something that is gone goes on.
pub(super) fn unreserved(number: bool, name: bool) -> &'static str {
    match (number, name) {
        (true, true) => "",
        (true, false) => ", and its name is not reserved",
        (false, true) => ", and its number is not reserved",
        (false, false) => ", and neither its number nor its name is reserved",
    }
}

fn names(item: &Enum, number: i32) -> Vec<&EnumValue> {
    let values = item.values.iter();
    values.filter(|value| value.number == number).collect()
}

/// Whether columns hold values of an enum.
fn is_stored(schema: &Schema, item: &Enum) -> bool {
    let mut entities = schema.entities().iter();
    entities.any(|entity| {
        let fields = schema.message(entity.message).fields.iter();
        let mut fields = fields.filter(|field| {
            entity
                .columns
                .iter()
                .any(|(number, _)| *number == field.number)
        });
        fields.any(|field| field.kind == Kind::Enum(item.id))
    })
}
