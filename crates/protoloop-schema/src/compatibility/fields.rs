//! Fields of a message that both schemas have.

use super::{
    Rule,
    Surface::{Json, Rows, Source, Wire},
    comparison::{Comparison, Finding, differing, which},
    declared::Type,
    enums::unreserved,
    kinds::{self, Typed, cardinality_name, type_name},
};
use crate::{Cardinality, Field, Message, Oneof, Presence};

/// The options of fields that generated code depends on.
const OPTIONS: [(u32, &str); 2] = [(1, "ctype"), (6, "jstype")];

impl<'a> Comparison<'a> {
    pub(super) fn fields(&mut self, old: &'a Message, new: &'a Message, before: &Type, now: &Type) {
        for field in &old.fields {
            let Some((_, found)) = new.field_by_number(field.number) else {
                self.removed_field(old, field, new, now);
                continue;
            };
            let pair = (
                Typed {
                    schema: self.old,
                    field,
                },
                Typed {
                    schema: self.new,
                    field: found,
                },
            );
            self.name(pair);
            self.kind(pair);
            self.cardinality(field, found);
            self.oneof((old, field), (new, found));
            self.behavior(field, found);
            self.default(field, found);
            self.field_options(found, before, now);
        }
        for field in &new.fields {
            if old.field_by_number(field.number).is_none() {
                self.added_field(field);
            }
        }
    }

    fn removed_field(&mut self, old: &Message, field: &Field, new: &Message, now: &Type) {
        let number = now.reserves(i64::from(field.number));
        let name = now.reserves_name(&field.name);
        let text = format!(
            "{} (= {}) is gone{}",
            field.full_name,
            field.number,
            unreserved(number, name)
        );
        let help = "keep the field, or write `reserved` with its number and its name; it may be marked as deprecated";
        let stored = self.is_stored(old, field.number);
        let finding = Finding::new(
            Rule::FieldRemoved,
            &field.full_name,
            &new.location,
            text,
            help,
        );
        let broken = which(&[
            (Wire, !number),
            (Json, !number || !name),
            (Rows, stored && !number),
            (Source, true),
        ]);
        self.report(finding.breaks(&broken));
        if field.presence == Presence::Required {
            self.required(field, &new.location, "is gone and was required");
        }
    }

    fn added_field(&mut self, field: &Field) {
        if field.presence == Presence::Required {
            self.required(field, &field.location, "is new and required");
        } else if field.behavior.required {
            let text = format!("{} is new and REQUIRED", field.full_name);
            self.became(field, Rule::FieldBecameRequired, text, OPTIONAL);
        }
    }

    fn required(&mut self, field: &Field, location: &crate::Location, what: &str) {
        let text = format!("{} {what}", field.full_name);
        let help = "make it optional: a message without it is not read where it is required";
        let finding = Finding::new(
            Rule::FieldRequiredChanged,
            &field.full_name,
            location,
            text,
            help,
        );
        self.report(finding.breaks(&[Wire, Json, Source]));
    }

    fn name(&mut self, (old, new): (Typed<'_>, Typed<'_>)) {
        let (before, field) = (old.field, new.field);
        if before.name != field.name {
            let text = format!(
                "{} (= {}) is called {} now",
                before.full_name, before.number, field.name
            );
            let reads = kinds::on_wire(old, new);
            let (rule, help) = match reads {
                true => (
                    Rule::FieldRenamed,
                    "keep the name; JSON, filters and masks use it",
                ),
                false => (
                    Rule::FieldNumberReused,
                    "give the new field a number of its own and write `reserved` with the old one",
                ),
            };
            let finding = Finding::new(rule, &field.full_name, &field.location, text, help);
            let broken = which(&[(Wire, !reads), (Json, true), (Source, true)]);
            self.report(finding.breaks(&broken));
        } else if before.json_name != field.json_name {
            let text = format!(
                "{} is {:?} in JSON instead of {:?}",
                field.full_name, field.json_name, before.json_name
            );
            let help = "keep the json_name";
            let rule = Rule::FieldJsonNameChanged;
            let finding = Finding::new(rule, &field.full_name, &field.location, text, help);
            self.report(finding.breaks(&[Json, Source]));
        }
    }

    fn kind(&mut self, (old, new): (Typed<'_>, Typed<'_>)) {
        let maps = (old.field.is_map(), new.field.is_map());
        if maps.0 != maps.1 || kinds::is_same(old, new) {
            return;
        }
        let field = new.field;
        let text = format!(
            "{} has the type {} instead of {}",
            field.full_name,
            type_name(new),
            type_name(old)
        );
        let help = "keep the type, or add a field of the other one with a number of its own";
        let finding = Finding::new(
            Rule::FieldTypeChanged,
            &field.full_name,
            &field.location,
            text,
            help,
        );
        let broken = which(&[
            (Wire, !kinds::on_wire(old, new)),
            (Json, !kinds::in_json(old, new)),
            (Source, true),
        ]);
        self.report(finding.breaks(&broken));
    }

    fn cardinality(&mut self, old: &Field, new: &Field) {
        let (before, now) = (cardinality_name(old), cardinality_name(new));
        if before == now {
            return;
        }
        let required = [old, new].map(|field| field.presence == Presence::Required);
        if required[0] != required[1] {
            let what = format!("is {now} instead of {before}");
            return self.required(new, &new.location, &what);
        }
        let text = format!("{} is {now} instead of {before}", new.full_name);
        let help = "keep what it was, or add a field with a number of its own";
        let rule = Rule::FieldCardinalityChanged;
        let finding = Finding::new(rule, &new.full_name, &new.location, text, help);
        let many = |field: &Field| field.cardinality != Cardinality::Singular;
        let broken = which(&[
            // The entries of a map are a message of their own.
            (Wire, many(old) != many(new) || old.is_map() != new.is_map()),
            (Json, old.cardinality != new.cardinality),
            (Source, true),
        ]);
        self.report(finding.breaks(&broken));
    }

    fn oneof(&mut self, (old, before): (&Message, &Field), (new, now): (&Message, &Field)) {
        let name = |message: &Message, field: &Field| {
            let oneof: Option<&Oneof> = field.oneof.and_then(|index| message.oneofs.get(index));
            oneof.map(|oneof| oneof.name.to_string())
        };
        let (was, is) = (name(old, before), name(new, now));
        if was == is {
            return;
        }
        let told = |oneof: Option<String>| {
            oneof.map_or_else(|| "no oneof".to_owned(), |name| format!("oneof {name}"))
        };
        let text = format!(
            "{} is in {} instead of {}",
            now.full_name,
            told(is),
            told(was)
        );
        let help = "leave it where it was: one side would clear what the other one has set";
        let finding = Finding::new(
            Rule::FieldOneofChanged,
            &now.full_name,
            &now.location,
            text,
            help,
        );
        self.report(finding.breaks(&[Wire, Json, Source]));
    }

    fn behavior(&mut self, old: &Field, new: &Field) {
        let name = &new.full_name;
        let (before, now) = (old.behavior, new.behavior);
        if now.required && !before.required {
            self.became(
                new,
                Rule::FieldBecameRequired,
                format!("{name} is REQUIRED now"),
                OPTIONAL,
            );
        }
        if now.output_only && !before.output_only {
            let help = "leave it to callers, or add another field";
            let text = format!("{name} is OUTPUT_ONLY now");
            self.became(new, Rule::FieldBecameOutputOnly, text, help);
        }
        if now.immutable && !before.immutable {
            let help = "let it be changed";
            let text = format!("{name} is IMMUTABLE now");
            self.became(new, Rule::FieldBecameImmutable, text, help);
        }
        let hidden = |field: &Field| field.hidden || field.behavior.input_only;
        if hidden(new) && !hidden(old) {
            let help = "go on returning it";
            let text = format!("{name} is not returned any more");
            self.became(new, Rule::FieldBecameHidden, text, help);
        }
    }

    /// A field that both sides still read, and treat in another way.
    pub(super) fn became(&mut self, field: &Field, rule: Rule, text: String, help: &'static str) {
        let finding = Finding::new(rule, &field.full_name, &field.location, text, help);
        self.report(finding.breaks(&[Wire, Json]));
    }

    fn default(&mut self, old: &Field, new: &Field) {
        if old.default == new.default {
            return;
        }
        let text = format!("{} has another default", new.full_name);
        let help = "keep the default: a message without the field means it";
        let finding = Finding::new(
            Rule::FieldDefaultChanged,
            &new.full_name,
            &new.location,
            text,
            help,
        );
        self.report(finding.breaks(&[Wire, Json, Source]));
    }

    fn field_options(&mut self, field: &Field, before: &Type, now: &Type) {
        let Ok(number) = i32::try_from(field.number) else {
            return;
        };
        let options = |of: &Type| of.field_options.get(&number).cloned().unwrap_or_default();
        let changed: Vec<_> = differing(&OPTIONS, &options(before), &options(now)).collect();
        for option in changed {
            let text = format!("{} has another {option}", field.full_name);
            let help = "keep the option; the type in generated code depends on it";
            let rule = Rule::FieldOptionChanged;
            let finding = Finding::new(rule, &field.full_name, &field.location, text, help);
            self.report(finding.breaks(&[Source]));
        }
    }

    /// Whether a field of the old schema is a column.
    fn is_stored(&self, message: &Message, number: u32) -> bool {
        let entity = self.old.entity_of(message.id);
        entity.is_some_and(|entity| entity.columns.iter().any(|(column, _)| *column == number))
    }
}

const OPTIONAL: &str = "leave it optional: callers of before do not send it and would be refused";
