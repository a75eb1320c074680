//! Indexes of models.

use std::collections::HashSet;

use super::{Reader, entities::Marked};
use crate::{Entity, Index, Message, options::protoloop_v1::ModelOptions};

impl Reader<'_> {
    /// Those of single fields first, in the order of declaration.
    pub(super) fn indexes(
        &mut self,
        entity: &Entity,
        message: &Message,
        options: &ModelOptions,
        marked: &[Marked<'_>],
    ) -> Vec<Index> {
        let mut indexes: Vec<_> = marked
            .iter()
            .filter(|marked| marked.options.unique || marked.options.index)
            .map(|marked| {
                let fields = vec![(marked.field.number, false)];
                index(entity, "", fields, marked.options.unique)
            })
            .collect();
        for declared in &options.indexes {
            if let Some(fields) = self.index_fields(entity, message, &declared.fields) {
                indexes.push(index(entity, &declared.name, fields, declared.unique));
            }
        }
        if let Some(tenant) = entity.tenant_key {
            let key = entity.key.iter().map(|number| (*number, false)).collect();
            if !entity.key.contains(&tenant) {
                indexes.push(index(entity, "", key, false));
            }
        }
        let mut names = HashSet::new();
        for index in &indexes {
            if !names.insert(&index.name) {
                let text = format!(
                    "{} has two indexes called `{}`",
                    message.full_name, index.name
                );
                let help = "take one out, or give it another name with `name`";
                self.report.error(message.location.clone(), text, help);
            }
        }
        indexes
    }

    /// `None` when one of them is no column; it is reported.
    fn index_fields(
        &mut self,
        entity: &Entity,
        message: &Message,
        declared: &[String],
    ) -> Option<Vec<(u32, bool)>> {
        let mut fields = Vec::with_capacity(declared.len());
        let mut sound = !declared.is_empty();
        if declared.is_empty() {
            let text = format!("{} has an index without fields", message.full_name);
            let help = "name at least one: `indexes: { fields: [\"title\"] }`";
            self.report.error(message.location.clone(), text, help);
        }
        for declared in declared {
            let name = declared.split_whitespace().next().unwrap_or_default();
            let direction = declared.split_whitespace().nth(1);
            let number = message.field_by_name(name).map(|field| field.number);
            let column =
                number.filter(|number| entity.columns.iter().any(|(column, _)| column == number));
            match column {
                Some(number) if matches!(direction, None | Some("asc" | "desc")) => {
                    fields.push((number, direction == Some("desc")));
                }
                _ => {
                    sound = false;
                    let text = format!(
                        "{} has an index over `{declared}`, which is no stored field",
                        message.full_name
                    );
                    let help = format!("stored are: {}", column_fields(entity, message));
                    self.report.error(message.location.clone(), text, help);
                }
            }
        }
        sound.then_some(fields)
    }
}

fn column_fields(entity: &Entity, message: &Message) -> String {
    let columns = entity.columns.iter();
    let names = columns.filter_map(|(number, _)| message.field_by_number(*number));
    names
        .map(|(_, field)| &*field.name)
        .collect::<Vec<_>>()
        .join(", ")
}

/// An index over fields, each with whether it is sorted from large to small. That of a model with a tenant key begins with
/// it: every statement asks for one tenant, and a value is only taken where its tenant has it.
pub(super) fn index(
    entity: &Entity,
    name: &str,
    mut fields: Vec<(u32, bool)>,
    unique: bool,
) -> Index {
    let name = match name {
        "" => default_name(entity, &fields, unique),
        given => given.to_owned(),
    };
    if let Some(tenant) = entity.tenant_key
        && fields.iter().all(|field| field.0 != tenant)
    {
        fields.insert(0, (tenant, false));
    }
    let descending = fields.iter().filter(|field| field.1);
    Index {
        name: name.into(),
        descending: descending.map(|field| field.0).collect(),
        fields: fields.iter().map(|field| field.0).collect(),
        unique,
    }
}

/// `books_author_id_title_key` for a constraint, `…_idx` for an index.
fn default_name(entity: &Entity, fields: &[(u32, bool)], unique: bool) -> String {
    let mut name = entity.table.as_ref().to_owned();
    for (number, _) in fields {
        let column = entity.columns.iter().find(|(column, _)| column == number);
        if let Some((_, column)) = column {
            name.push('_');
            name.push_str(column);
        }
    }
    name.push_str(if unique { "_key" } else { "_idx" });
    name
}
