//! Methods on the rows of relations, in the service of the model that has them.
//!
//! Their names have a preposition, `ListBooksOfAuthor` and `LinkTagsToBook`, so that they do not meet those of a model
//! that is called after both, as the one that links books and tags often is. The field of the other model's id has number
//! 11, above those of the plain method.

use std::collections::HashMap;

use super::{
    build::{NewField, NewMethod},
    fields::{include, list_fields, read_mask, validate_only},
    methods::{Builder, EMPTY, body, route},
    resource::{keys, singular_name},
};
use crate::{
    descriptor::{Field, Label, Message, Type},
    inflect::{lower_camel, singular, snake, upper_camel},
    options::{
        google_api::http_rule::Pattern,
        protoloop_v1::{
            RelationOptions, field_options::IdStrategy, method_options::StandardMethod,
            model_options::Expose, relation_options::Kind,
        },
    },
    read::{LoadedFile, join},
};

/// The models of all files by their type names: `.library.v1.Book`.
pub(super) type Models = HashMap<String, Model>;

/// What other models need to know of one.
#[derive(Debug)]
pub(super) struct Model {
    type_name: String,
    singular: String,
    keys: Vec<Field>,
    strategy: IdStrategy,
    readable: bool,
    writable: bool,
    total_size: bool,
}

/// The field number of the other model's id.
const PARENT: i32 = 11;

pub(super) fn models(files: &[LoadedFile]) -> Models {
    let mut models = Models::new();
    for file in files {
        let file = &file.decoded;
        for message in &file.message_type {
            let type_name = format!(".{}", join(&file.package, &message.name));
            if let Some(model) = Model::new(message, type_name) {
                models.insert(model.type_name.clone(), model);
            }
        }
    }
    models
}

impl Model {
    fn new(message: &Message, type_name: String) -> Option<Self> {
        let options = message.options.as_ref()?.model.as_ref()?;
        let exposed = |expose: Expose| options.expose.contains(&expose.into());
        let (keys, strategy) = keys(message)?;
        Some(Self {
            type_name,
            singular: singular_name(options, &message.name),
            keys: keys.into_iter().cloned().collect(),
            strategy,
            readable: exposed(Expose::Crud) || exposed(Expose::Read),
            writable: exposed(Expose::Crud),
            total_size: options.total_size,
        })
    }
}

/// A relation that gets methods.
struct Related<'a> {
    /// The navigation field's name: `books`.
    name: &'a str,
    /// One of its rows: `book`.
    one: String,
    target: &'a Model,
    key: &'a Field,
    many: bool,
    /// Whether the server can make the rows that link, where there are such.
    links: Option<bool>,
}

impl Builder<'_> {
    /// The methods of all relations whose keys are not in this model.
    pub(super) fn related(&mut self, models: &Models) {
        let [_] = self.resource.keys.as_slice() else {
            return;
        };
        if !self.resource.readable {
            return;
        }
        for field in &self.resource.message.field {
            let options = field.options.as_ref();
            let hidden = options
                .and_then(|options| options.field.as_ref())
                .is_some_and(|f| f.hidden);
            let relation = options.and_then(|options| options.relation.as_ref());
            let related = relation.and_then(|relation| self.relation(field, relation, models));
            if let Some(related) = related.filter(|_| !hidden) {
                self.methods_of(&related);
            }
        }
    }

    fn relation<'m>(
        &self,
        field: &'m Field,
        relation: &RelationOptions,
        models: &'m Models,
    ) -> Option<Related<'m>> {
        let target = models.get(&field.type_name)?;
        let key = target.keys.first()?;
        let one_key = target.keys.len() == 1;
        let many = field.label() == Label::Repeated;
        let links = match relation.kind.as_ref()? {
            Kind::HasOne(_) => None,
            Kind::HasMany(has) if has.through.is_empty() => None,
            Kind::HasMany(has) => {
                let through = self.model(models, &has.through).filter(|_| one_key)?;
                let key = match &*has.key {
                    "" => format!("{}_id", snake(&self.resource.message.name)),
                    key => key.to_owned(),
                };
                let other = match &*has.through_key {
                    "" => format!("{}_id", snake(target.type_name.rsplit('.').next()?)),
                    key => key.to_owned(),
                };
                let mut keys = through.keys.iter();
                Some(
                    through.strategy != IdStrategy::Client
                        || keys.all(|field| field.name == key || field.name == other),
                )
            }
            _ => return None,
        };
        let one = match many {
            true => singular(&field.name).unwrap_or_else(|| target.singular.clone()),
            false => field.name.clone(),
        };
        Some(Related {
            name: &field.name,
            // A request has one field for each.
            one: match one == self.resource.singular {
                true => "resource".to_owned(),
                false => one,
            },
            target,
            key,
            many,
            links,
        })
    }

    /// A model by its name, full or relative to the package.
    fn model<'m>(&self, models: &'m Models, named: &str) -> Option<&'m Model> {
        let relative = format!("{}{named}", self.resource.scope);
        models
            .get(&relative)
            .or_else(|| models.get(&format!(".{named}")))
    }

    fn methods_of(&mut self, related: &Related<'_>) {
        let writable = self.resource.writable;
        if related.target.readable {
            match related.many {
                true => self.list_related(related),
                false => self.get_related(related),
            }
        }
        if writable && related.target.writable && related.links != Some(false) {
            self.create_related(related);
        }
        if writable && related.target.readable && related.links.is_some() {
            if related.links == Some(true) {
                self.link(related, true);
            }
            self.link(related, false);
        }
    }

    fn list_related(&mut self, related: &Related<'_>) {
        let parent = &self.resource.message.name;
        let name = format!("List{}Of{parent}", upper_camel(related.name));
        let fields = list_fields(related.name)
            .into_iter()
            .chain([self.parent_field()]);
        let input = self.request(&name, fields.collect::<Vec<_>>());
        let token = "Token of the next page; empty on the last one.";
        let mut answer = vec![
            NewField::message(
                related.name,
                1,
                &related.target.type_name,
                "A page of rows.",
            )
            .repeated(),
            NewField::scalar("next_page_token", 2, Type::String, token),
        ];
        if related.target.total_size {
            let comment = "Number of rows on all pages.";
            answer.push(NewField::scalar("total_size", 3, Type::Int32, comment));
        }
        let output = self.response(&name, answer);
        let rule = route(Pattern::Get(self.path_of(related)));
        let comment = format!(
            "Reads the {} of a {parent}, page by page.\nNOT_FOUND when there is no such {parent}.",
            related.name
        );
        let method = NewMethod::new(name, input, output, rule, comment).safe();
        self.push(method, StandardMethod::List, related);
    }

    fn get_related(&mut self, related: &Related<'_>) {
        let parent = &self.resource.message.name;
        let name = format!("Get{}Of{parent}", upper_camel(related.name));
        let fields = [read_mask(2), include(3), self.parent_field()];
        let input = self.request(&name, fields);
        let output = related.target.type_name.clone();
        let rule = route(Pattern::Get(self.path_of(related)));
        let comment = format!(
            "Reads the {} of a {parent}.\nNOT_FOUND when it has none, or there is no such {parent}.",
            related.name
        );
        let method = NewMethod::new(name, input, output, rule, comment).safe();
        self.push(method, StandardMethod::Get, related);
    }

    fn create_related(&mut self, related: &Related<'_>) {
        let parent = &self.resource.message.name;
        let name = format!("Create{}Of{parent}", upper_camel(&related.one));
        let resource = NewField::message(
            &related.one,
            1,
            &related.target.type_name,
            &format!("What to create; its key of the {parent} is filled in."),
        );
        let request_id =
            "A UUID of the caller's; a repeated request with it gets the first answer.";
        let mut fields = vec![
            resource.required(),
            validate_only(2),
            NewField::scalar("request_id", 3, Type::String, request_id),
        ];
        if related.target.strategy == IdStrategy::Client && related.target.keys.len() == 1 {
            let id = format!("{}_id", related.one);
            let comment = "The id of the new row; wins over the one inside it.";
            fields.push(NewField::scalar(&id, 4, related.key.r#type(), comment));
        }
        fields.push(self.parent_field());
        let input = self.request(&name, fields);
        let output = related.target.type_name.clone();
        let rule = body(route(Pattern::Post(self.path_of(related))), &related.one);
        let comment = format!(
            "Creates one of the {} of a {parent}.\nNOT_FOUND when there is no such {parent}.",
            related.name
        );
        let method = NewMethod::new(name, input, output, rule, comment);
        self.push(method, StandardMethod::Create, related);
    }

    fn link(&mut self, related: &Related<'_>, link: bool) {
        let parent = &self.resource.message.name;
        let many = upper_camel(related.name);
        let ids = format!("{}_ids", related.one);
        let ids = NewField::scalar(&ids, 1, related.key.r#type(), "Which ones.").repeated();
        let (name, verb, comment, standard) = match link {
            true => (
                format!("Link{many}To{parent}"),
                "link",
                format!(
                    "Links {} to a {parent}, all or none; what is linked already stays so.\nNOT_FOUND when one of them \
                     does not exist.",
                    related.name
                ),
                StandardMethod::Link,
            ),
            false => (
                format!("Unlink{many}From{parent}"),
                "unlink",
                format!(
                    "Takes the links of {} to a {parent} away; the rows stay.\nNOT_FOUND when there is no such {parent}.",
                    related.name
                ),
                StandardMethod::Unlink,
            ),
        };
        let fields = [ids.required(), self.parent_field()];
        let input = self.request(&name, fields);
        let path = format!("{}:{verb}", self.path_of(related));
        let rule = body(route(Pattern::Post(path)), "*");
        let method = NewMethod::new(name, input, EMPTY.to_owned(), rule, comment);
        self.push(method, standard, related);
    }

    fn push(&mut self, method: NewMethod, standard: StandardMethod, related: &Related<'_>) {
        let relation = format!("{}.{}", self.resource.message.name, related.name);
        self.methods.push(method.of_relation(standard, relation));
    }

    fn parent_field(&self) -> NewField {
        let resource = self.resource;
        let kind = resource
            .keys
            .first()
            .map_or(Type::String, |key| key.r#type());
        let comment = format!("Which {}, by its id.", resource.message.name);
        NewField::scalar(&resource.singular, PARENT, kind, &comment).required()
    }

    fn path_of(&self, related: &Related<'_>) -> String {
        let resource = self.resource;
        format!(
            "{}/{{{}}}/{}",
            resource.collection,
            resource.singular,
            lower_camel(related.name)
        )
    }
}
