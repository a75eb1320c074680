//! Models: messages with `(protoloop.v1.model)`.

use std::{collections::HashMap, sync::Arc};

use super::Reader;
use crate::{
    Entity, EntityId, Field, Message, Reference,
    options::protoloop_v1::{FieldOptions, ModelOptions, RelationOptions, relation_options},
    synth::{plural_name, singular_name},
};

/// Rows per page when neither caller nor model says.
const DEFAULT_PAGE_SIZE: u32 = 50;
/// Most rows per page when the model does not say.
const MAX_PAGE_SIZE: u32 = 1000;

/// A field of a model with what is written at it.
pub(super) struct Marked<'a> {
    pub(super) field: &'a Field,
    pub(super) options: FieldOptions,
    pub(super) relation: Option<RelationOptions>,
}

impl Marked<'_> {
    /// Whether it carries rows of another table and so is no column.
    fn is_navigation(&self) -> bool {
        use relation_options::Kind;
        let kind = self.relation.as_ref().map(|relation| &relation.kind);
        !matches!(
            kind,
            None | Some(Some(Kind::EmbedsOne(_) | Kind::EmbedsMany(_)))
        )
    }

    fn column(&self) -> Arc<str> {
        use relation_options::Kind;
        let kind = self
            .relation
            .as_ref()
            .and_then(|relation| relation.kind.as_ref());
        let embedded = match kind {
            Some(Kind::EmbedsOne(embedded)) => &*embedded.key,
            Some(Kind::EmbedsMany(embedded)) => &*embedded.key,
            _ => "",
        };
        let candidates = [&*self.options.column, embedded, &*self.field.name];
        let named = candidates.into_iter().find(|name| !name.is_empty());
        named.unwrap_or_default().into()
    }
}

impl Reader<'_> {
    /// All models, in the order of their messages, which learn of them.
    pub(super) fn entities(&mut self, messages: &mut [Message]) -> (Vec<Entity>, Vec<Reference>) {
        let mut next = 0;
        for message in &mut *messages {
            if self.model_options(message).is_some() {
                message.entity = Some(EntityId(next));
                next += 1;
            }
        }
        let mut entities = Vec::new();
        for message in &*messages {
            match (message.entity, self.model_options(message)) {
                (Some(id), Some(options)) => entities.push(self.entity(id, message, &options)),
                _ => self.refuse_stray_options(message),
            }
        }
        self.check_tables(&entities, messages);
        let declared = self.relations(&mut entities, messages);
        let references = self.references(&entities, messages, declared);
        self.index_keys(&mut entities, messages, &references);
        let references = references.into_iter().map(|(reference, _)| reference);
        (entities, references.collect())
    }

    fn model_options(&self, message: &Message) -> Option<ModelOptions> {
        self.raw_message(message.id).options.as_ref()?.model.clone()
    }

    fn entity(&mut self, id: EntityId, message: &Message, options: &ModelOptions) -> Entity {
        let marked = self.marked(message);
        let singular = singular_name(options, &message.name);
        let plural = plural_name(options, &singular);
        let table = if options.table.is_empty() {
            &plural
        } else {
            &options.table
        };
        let datasource = match &*options.datasource {
            "" => "default",
            named => named,
        };
        let (key, id_strategy) = self.key(message, options, &marked);
        let mut entity = Entity {
            id,
            message: message.id,
            table: table.as_str().into(),
            datasource: datasource.into(),
            singular: singular.into(),
            key,
            id_strategy,
            columns: self.columns(&marked),
            column_types: column_types(&marked),
            computed: self.computed(&marked),
            relations: Vec::new(),
            indexes: Vec::new(),
            etag: self.etag(&marked),
            create_time: self.time(&marked, "create_time", |options| options.create_time),
            update_time: self.time(&marked, "update_time", |options| options.update_time),
            delete_time: self.delete_time(message, options, &marked),
            created_by: self.subject(&marked, "created_by", |options| options.created_by),
            updated_by: self.subject(&marked, "updated_by", |options| options.updated_by),
            version: self.version(&marked),
            tenant_key: self.tenant_key(&marked),
            defaults: self.defaults(&marked),
            not_filterable: not_filterable(&marked),
            default_page_size: DEFAULT_PAGE_SIZE,
            max_page_size: MAX_PAGE_SIZE,
            plural: plural.into(),
        };
        self.page_sizes(&mut entity, message, options);
        entity.indexes = self.indexes(&entity, message, options, &marked);
        self.name_unserved(message, options);
        entity
    }

    /// The fields of a message with the options that are written at them.
    pub(super) fn marked<'m>(&self, message: &'m Message) -> Vec<Marked<'m>> {
        let raw = &self.raw_message(message.id).field;
        let marked = |field: &'m Field| {
            let number = i32::try_from(field.number).ok();
            let raw = raw.iter().find(|raw| Some(raw.number) == number);
            let options = raw.and_then(|raw| raw.options.clone()).unwrap_or_default();
            Marked {
                field,
                options: options.field.unwrap_or_default(),
                relation: options.relation,
            }
        };
        message.fields.iter().map(marked).collect()
    }

    fn columns(&mut self, marked: &[Marked<'_>]) -> Vec<(u32, Arc<str>)> {
        let mut columns = Vec::with_capacity(marked.len());
        // Databases do not tell column names apart by case.
        let mut taken: HashMap<String, &str> = HashMap::new();
        for marked in marked.iter().filter(|marked| !marked.is_navigation()) {
            let column = marked.column();
            if let Some(other) = taken.insert(column.to_lowercase(), &marked.field.name) {
                self.report.error(
                    marked.field.location.clone(),
                    format!(
                        "{} has the column `{column}` of `{other}`",
                        marked.field.full_name
                    ),
                    "give one of them another name with `column`",
                );
            }
            columns.push((marked.field.number, column));
        }
        columns
    }

    fn computed(&mut self, marked: &[Marked<'_>]) -> Vec<u32> {
        let computed = marked.iter().filter(|marked| marked.options.computed);
        let mut numbers = Vec::new();
        for marked in computed {
            numbers.push(marked.field.number);
            if marked.options.id != 0 || super::filled::fills(&marked.options) {
                self.report.error(
                    marked.field.location.clone(),
                    format!("{} is computed and filled", marked.field.full_name),
                    "leave the filling of it to one of the two: take `computed` out",
                );
            }
        }
        numbers
    }

    fn page_sizes(&mut self, entity: &mut Entity, message: &Message, options: &ModelOptions) {
        let declared = |size: i32, otherwise: u32| match u32::try_from(size) {
            Ok(0) => Some(otherwise),
            other => other.ok(),
        };
        let max = declared(options.max_page_size, MAX_PAGE_SIZE);
        let otherwise = DEFAULT_PAGE_SIZE.min(max.unwrap_or(DEFAULT_PAGE_SIZE));
        let default = declared(options.default_page_size, otherwise);
        match (default, max) {
            (Some(default), Some(max)) if default <= max => {
                entity.default_page_size = default;
                entity.max_page_size = max;
            }
            _ => self.report.error(
                message.location.clone(),
                format!("{} has page sizes that do not fit", message.full_name),
                "let `default_page_size` be at least 1 and at most `max_page_size`, which is 1000 unless said",
            ),
        }
    }

    fn check_tables(&mut self, entities: &[Entity], messages: &[Message]) {
        let mut taken: HashMap<(&str, String), &Entity> = HashMap::new();
        for entity in entities {
            let place = (&*entity.datasource, entity.table.to_lowercase());
            if let Some(other) = taken.insert(place, entity) {
                let (message, other) = (
                    &messages[entity.message.index()],
                    &messages[other.message.index()],
                );
                self.report.error(
                    message.location.clone(),
                    format!(
                        "{} and {} both have the table `{}`",
                        other.full_name, message.full_name, entity.table
                    ),
                    "give one of them another with `table`",
                );
            }
        }
    }
}

fn column_types(marked: &[Marked<'_>]) -> Vec<(u32, Arc<str>)> {
    let declared = marked
        .iter()
        .filter(|marked| !marked.options.column_type.is_empty());
    declared
        .map(|marked| {
            (
                marked.field.number,
                marked.options.column_type.as_str().into(),
            )
        })
        .collect()
}

fn not_filterable(marked: &[Marked<'_>]) -> Vec<u32> {
    marked
        .iter()
        .filter(|marked| marked.options.hidden || marked.options.not_filterable)
        .map(|marked| marked.field.number)
        .collect()
}
