//! Models: rows that are stored, and replicas of both schemas that meet in one database.

use super::{
    Rule,
    Surface::{Json, Rows, Wire},
    comparison::{Comparison, Finding},
    kinds::{Typed, type_name},
};
use crate::{
    Cardinality, Entity, Field, Kind, Message, WellKnown,
    stored_kind::{Fit, fit},
};

/// A model with its message.
#[derive(Clone, Copy)]
struct Model<'a> {
    entity: &'a Entity,
    message: &'a Message,
}

impl Model<'_> {
    fn column(&self, number: u32) -> Option<&str> {
        let mut columns = self.entity.columns.iter();
        let found = columns.find(|(column, _)| *column == number);
        found.map(|(_, name)| &**name)
    }

    fn names(&self, numbers: &[u32]) -> String {
        let fields = numbers
            .iter()
            .filter_map(|number| self.message.field_by_number(*number));
        let names: Vec<_> = fields.map(|(_, field)| &*field.name).collect();
        names.join(", ")
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn models(&mut self) {
        for (message, now) in self.pairs() {
            let Some(entity) = self.old.entity_of(message.id) else {
                continue;
            };
            let old = Model { entity, message };
            let new = now.and_then(|message| {
                let entity = self.new.entity_of(message.id)?;
                Some(Model { entity, message })
            });
            match new {
                Some(new) => self.model(old, new),
                None => {
                    let name = &*message.full_name;
                    let place = match now {
                        Some(now) => now.location.clone(),
                        None => self.place_of_missing(name, &message.location),
                    };
                    let text = format!("{name} is not stored any more");
                    let help = "keep the model; its rows stay behind in a table that nobody reads";
                    let finding = Finding::new(Rule::ModelRemoved, name, &place, text, help);
                    self.report(finding.breaks(&[Rows]));
                }
            }
        }
    }

    fn model(&mut self, old: Model<'a>, new: Model<'a>) {
        let name = &*new.message.full_name;
        let (before, now) = (old.entity, new.entity);
        if before.table != now.table {
            let text = format!(
                "{name} has the table {} instead of {}",
                now.table, before.table
            );
            let help =
                "keep the table by the model option `table`; replicas of before still look for it";
            self.of_rows(new, Rule::ModelTableChanged, text, help);
        }
        if before.datasource != now.datasource {
            let text = format!(
                "{name} is stored in {} instead of {}",
                now.datasource, before.datasource
            );
            let help = "keep the datasource; nothing moves the rows";
            self.of_rows(new, Rule::ModelDatasourceChanged, text, help);
        }
        if before.key != now.key {
            let text = format!(
                "the key of {name} is {} instead of {}",
                new.names(&now.key),
                old.names(&before.key)
            );
            let help = "keep the key; rows of others refer to it, and no migration changes it";
            self.of_rows(new, Rule::ModelKeyChanged, text, help);
        }
        if before.tenant_key != now.tenant_key {
            let text = format!("the tenant key of {name} has changed");
            let help = "keep the tenant key; rows would be met by others, or by nobody";
            let place = &new.message.location;
            let finding = Finding::new(Rule::ModelTenantChanged, name, place, text, help);
            self.report(finding.breaks(&[Wire, Json, Rows]));
        }
        if before.delete_time.is_some() && now.delete_time.is_none() {
            let text = format!("{name} is not deleted softly any more: its deleted rows come back");
            let help = "keep soft_delete, or purge the deleted rows first";
            let place = &new.message.location;
            let finding = Finding::new(Rule::ModelSoftDeleteRemoved, name, place, text, help);
            self.report(finding.breaks(&[Wire, Json, Rows]));
        }
        self.columns(old, new);
        self.unique(old, new);
        self.filterable(old, new);
    }

    fn of_rows(&mut self, new: Model<'_>, rule: Rule, text: String, help: &'static str) {
        let message = new.message;
        let finding = Finding::new(rule, &message.full_name, &message.location, text, help);
        self.report(finding.breaks(&[Rows]));
    }

    fn columns(&mut self, old: Model<'a>, new: Model<'a>) {
        for (number, column) in &old.entity.columns {
            let fields = (
                old.message.field_by_number(*number),
                new.message.field_by_number(*number),
            );
            // A field that is gone was found by the comparison of fields.
            let (Some((_, before)), Some((_, now))) = fields else {
                continue;
            };
            let of_rows = |rule, text, help| {
                Finding::new(rule, &now.full_name, &now.location, text, help).breaks(&[Rows])
            };
            let Some(found) = new.column(*number) else {
                let text = format!("{} is not stored any more", now.full_name);
                let help = "keep it stored, or remove the field and reserve its number";
                self.report(of_rows(Rule::ColumnRemoved, text, help));
                continue;
            };
            if found != &**column {
                let text = format!(
                    "{} is in the column {found} instead of {column}",
                    now.full_name
                );
                let help = "keep the column by the field option `column`; replicas of before still look for it";
                self.report(of_rows(Rule::ColumnRenamed, text, help));
            }
            let pair = (
                Typed {
                    schema: self.old,
                    field: before,
                },
                Typed {
                    schema: self.new,
                    field: now,
                },
            );
            if !keeps(pair.0, pair.1) {
                let text = format!(
                    "{} stores {} instead of {}, which not all values fit",
                    now.full_name,
                    stored_name(pair.1),
                    stored_name(pair.0)
                );
                let help = "add a field of the other type with a number of its own";
                self.report(of_rows(Rule::ColumnTypeChanged, text, help));
            }
        }
    }

    fn unique(&mut self, old: Model<'a>, new: Model<'a>) {
        for index in new.entity.indexes.iter().filter(|index| index.unique) {
            // What was unique by fewer fields is unique by more.
            let was = old.entity.indexes.iter().any(|before| {
                before.unique
                    && before
                        .fields
                        .iter()
                        .all(|field| index.fields.contains(field))
            });
            let was = was
                || old
                    .entity
                    .key
                    .iter()
                    .all(|field| index.fields.contains(field));
            if was {
                continue;
            }
            let text = format!(
                "rows of {} may not agree in {} any more",
                new.message.full_name,
                new.names(&index.fields)
            );
            let help = "leave it; rows that agree keep the index from being made, and calls that worked are refused";
            self.of_rows(new, Rule::UniqueAdded, text, help);
        }
    }

    fn filterable(&mut self, old: Model<'a>, new: Model<'a>) {
        let added = new.entity.not_filterable.iter();
        let added = added.filter(|number| !old.entity.not_filterable.contains(number));
        let fields: Vec<&Field> = added
            .filter(|number| old.message.field_by_number(**number).is_some())
            .filter_map(|number| new.message.field_by_number(*number))
            .map(|(_, field)| field)
            // One that is hidden was found already.
            .filter(|field| !field.hidden)
            .collect();
        for field in fields {
            let text = format!("{} may not be filtered by any more", field.full_name);
            let help = "let it be filtered by";
            self.became(field, Rule::FieldBecameUnfilterable, text, help);
        }
    }
}

fn stored_name(typed: Typed<'_>) -> String {
    match typed.field.cardinality {
        Cardinality::Repeated => format!("a list of {}", type_name(typed)),
        _ => type_name(typed),
    }
}

/// Whether every stored value stays what it is; as `protoloop-sql` migrates columns.
fn keeps(old: Typed<'_>, new: Typed<'_>) -> bool {
    if old.field.cardinality != new.field.cardinality {
        return false;
    }
    if type_name(old) == type_name(new) {
        return true;
    }
    let (from, to) = (storage(old), storage(new));
    if old.field.cardinality != Cardinality::Singular || from == to {
        // Another message, or the entries of another map, are read in another way.
        return from == to && from != "message";
    }
    fit(from, to) == Fit::All
}

/// What a column holds, whatever the encoding on the wire.
fn storage(typed: Typed<'_>) -> &'static str {
    match typed.field.kind {
        Kind::Bool => "bool",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "int32",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "int64",
        Kind::Uint32 | Kind::Fixed32 => "uint32",
        Kind::Uint64 | Kind::Fixed64 => "uint64",
        Kind::Float => "float",
        Kind::Double => "double",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::Enum(_) => "enum",
        Kind::Message(id) | Kind::Group(id) => match typed.schema.message(id).well_known {
            Some(WellKnown::Timestamp) => "timestamp",
            Some(WellKnown::Duration) => "duration",
            _ => "message",
        },
    }
}
