//! Models: messages with `(protoloop.v1.model)`.

use std::{collections::HashMap, sync::Arc};

use super::Reader;
use crate::{
    Cardinality, Entity, EntityId, Field, IdStrategy, Kind, Message, WellKnown,
    options::protoloop_v1::{
        FieldOptions, ModelOptions, RelationOptions, field_options, relation_options,
    },
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
    pub(super) fn entities(&mut self, messages: &mut [Message]) -> Vec<Entity> {
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
        self.relations(&mut entities, messages);
        entities
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
            relations: Vec::new(),
            indexes: Vec::new(),
            etag: self.etag(&marked),
            create_time: self.time(&marked, "create_time", |options| options.create_time),
            update_time: self.time(&marked, "update_time", |options| options.update_time),
            not_filterable: not_filterable(&marked),
            default_page_size: DEFAULT_PAGE_SIZE,
            max_page_size: MAX_PAGE_SIZE,
            plural: plural.into(),
        };
        self.page_sizes(&mut entity, message, options);
        entity.indexes = self.indexes(&entity, message, options, &marked);
        self.name_unserved(message, options, &marked);
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

    fn key(
        &mut self,
        message: &Message,
        options: &ModelOptions,
        marked: &[Marked<'_>],
    ) -> (Vec<u32>, IdStrategy) {
        let mut ids = marked.iter().filter(|marked| marked.options.id != 0);
        let Some(first) = ids.next() else {
            let exposed = if options.expose.is_empty() {
                ""
            } else {
                "n exposed"
            };
            self.report.error(
                message.location.clone(),
                format!("{} is a{exposed} model without an id", message.full_name),
                "mark the field that is its id: `string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];`",
            );
            return (Vec::new(), IdStrategy::Client);
        };
        for other in ids {
            self.report.error(
                other.field.location.clone(),
                format!(
                    "{} has two ids: `{}` and `{}`",
                    message.full_name, first.field.name, other.field.name
                ),
                "leave `id` at one of them, and give the other `unique: true` if it needs it",
            );
        }
        (vec![first.field.number], self.id_strategy(first))
    }

    fn id_strategy(&mut self, id: &Marked<'_>) -> IdStrategy {
        use field_options::IdStrategy as Declared;
        let (strategy, fits, wanted) = match Declared::try_from(id.options.id) {
            Ok(Declared::UuidV4) => (IdStrategy::UuidV4, is_string(id.field), "string"),
            Ok(Declared::UuidV7) => (IdStrategy::UuidV7, is_string(id.field), "string"),
            Ok(Declared::Ulid) => (IdStrategy::Ulid, is_string(id.field), "string"),
            Ok(Declared::Sequence) => (IdStrategy::Sequence, is_integer(id.field), "int64"),
            Ok(Declared::Client) => {
                let fits = is_string(id.field) || is_integer(id.field);
                (IdStrategy::Client, fits, "string")
            }
            Ok(Declared::Unspecified) | Err(_) => {
                let text = format!("{} has an unknown id strategy", id.field.full_name);
                let help = "take UUID_V7, UUID_V4, ULID, SEQUENCE or CLIENT";
                self.report.error(id.field.location.clone(), text, help);
                return IdStrategy::Client;
            }
        };
        let plain = id.field.cardinality == Cardinality::Singular
            && id.field.oneof.is_none()
            && id.relation.is_none();
        if !fits || !plain || id.field.hidden {
            let name =
                Declared::try_from(id.options.id).map_or("", |declared| declared.as_str_name());
            self.report.error(
                id.field.location.clone(),
                format!("{} cannot be an id of the kind {name}", id.field.full_name),
                format!(
                    "declare it as `{wanted} {} = {}`, neither repeated, in a oneof nor hidden",
                    id.field.name, id.field.number
                ),
            );
        }
        strategy
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

    fn etag(&mut self, marked: &[Marked<'_>]) -> Option<u32> {
        let field = self.only(marked, "etag", |options| options.etag)?;
        if !is_string(field) || field.cardinality != Cardinality::Singular {
            let text = format!("{} is an etag and no string", field.full_name);
            let help = format!("declare it as `string {} = {}`", field.name, field.number);
            self.report.error(field.location.clone(), text, help);
        }
        Some(field.number)
    }

    fn time(
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

pub(super) fn is_string(field: &Field) -> bool {
    field.kind == Kind::String
}

fn is_integer(field: &Field) -> bool {
    matches!(
        field.kind,
        Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Fixed64
            | Kind::Sfixed32
            | Kind::Sfixed64
    )
}

fn not_filterable(marked: &[Marked<'_>]) -> Vec<u32> {
    marked
        .iter()
        .filter(|marked| marked.options.hidden || marked.options.not_filterable)
        .map(|marked| marked.field.number)
        .collect()
}
