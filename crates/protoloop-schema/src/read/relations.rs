//! Relations of models.

use super::{
    Reader,
    entities::Marked,
    names::find_model,
    references::{Declaration, on_delete},
};
use crate::{
    Cardinality, Discriminator, Entity, EntityId, Field, Kind, Message, Relation, RelationKind,
    inflect::{singular, snake},
    options::protoloop_v1::{
        RelationOptions,
        relation_options::{self as declared, Kind as Declared},
    },
};

/// Which end of a relation a key field is looked for at.
struct KeyOf<'a> {
    /// The model that should hold it.
    holder: &'a Entity,
    /// The model it points to.
    refers_to: &'a Entity,
    name: String,
    cardinality: Cardinality,
}

impl Reader<'_> {
    /// Fills in the relations of every model, and gives what they say about keys.
    pub(super) fn relations(
        &mut self,
        entities: &mut [Entity],
        messages: &[Message],
    ) -> Vec<Declaration> {
        let mut declared = Vec::new();
        for index in 0..entities.len() {
            let message = &messages[entities[index].message.index()];
            let mut relations = Vec::new();
            for marked in self.marked(message) {
                if let Some(written) = &marked.relation {
                    let context = Context {
                        entities,
                        messages,
                        own: &entities[index],
                        message,
                        marked: &marked,
                    };
                    let relation = self.relation(&context, written);
                    if let Some(relation) = &relation {
                        declared.extend(Declaration::all(
                            context.own.id,
                            relation,
                            written,
                            &marked.field.location,
                        ));
                    }
                    relations.extend(relation);
                }
            }
            entities[index].relations = relations;
        }
        declared
    }

    fn relation(&mut self, context: &Context<'_>, written: &RelationOptions) -> Option<Relation> {
        let field = context.marked.field;
        let Some(kind) = &written.kind else {
            let text = format!("{} has a relation of no kind", field.full_name);
            let help = "write one: `{ belongs_to: { key: \"author_id\" } }`, `{ has_many: { key: \"book_id\" } }`, …";
            self.report.error(field.location.clone(), text, help);
            return None;
        };
        let (target, many) = match kind {
            Declared::BelongsTo(one) => (&one.target, false),
            Declared::HasOne(one) => (&one.target, false),
            Declared::HasMany(many) => (&many.target, true),
            Declared::ReferencesMany(many) => (&many.target, true),
            Declared::EmbedsOne(_) | Declared::EmbedsMany(_) => {
                self.embedded(context, matches!(kind, Declared::EmbedsMany(_)));
                return None;
            }
        };
        self.check_cardinality(context, many);
        let target = self.target(context, target)?;
        let (kind, owned, discriminator) = match kind {
            Declared::BelongsTo(one) => {
                let kind = self.belongs_to(context, target, one)?;
                let ends = (context.own, target);
                (
                    kind,
                    false,
                    self.discriminator(context, ends, &one.discriminator)?,
                )
            }
            Declared::HasOne(one) => {
                let kind = self.has_one(context, target, one)?;
                let ends = (target, context.own);
                (
                    kind,
                    one.owned,
                    self.discriminator(context, ends, &one.discriminator)?,
                )
            }
            Declared::HasMany(many) => {
                let kind = self.has_many(context, target, many)?;
                let ends = (target, context.own);
                (
                    kind,
                    many.owned,
                    self.discriminator(context, ends, &many.discriminator)?,
                )
            }
            Declared::ReferencesMany(many) => {
                (self.references_many(context, target, many)?, false, None)
            }
            Declared::EmbedsOne(_) | Declared::EmbedsMany(_) => return None,
        };
        let relation = Relation {
            field: field.number,
            name: field.name.clone(),
            target: target.id,
            kind,
            owned,
            discriminator,
        };
        self.check_combination(context, target, &relation);
        Some(relation)
    }

    /// What one relation cannot be all at once.
    fn check_combination(&mut self, context: &Context<'_>, target: &Entity, relation: &Relation) {
        let field = context.marked.field;
        let through = match relation.kind {
            RelationKind::HasManyThrough { through, .. } => Some(context.entity(through)),
            _ => None,
        };
        let mut refuse = |what: &str, help: &str| {
            let text = format!("{} {what}", field.full_name);
            self.report.error(field.location.clone(), text, help);
        };
        if relation.owned && through.is_some() {
            refuse(
                "is owned and goes through another model",
                "leave `owned` out; rows on the far side belong to themselves",
            );
        }
        if relation.discriminator.is_some() && through.is_some() {
            refuse(
                "has a discriminator and goes through another model",
                "leave `discriminator` out, or let the linking model be the target",
            );
        }
        if relation.owned && target.datasource != context.own.datasource {
            refuse(
                "is owned and stored in another datasource",
                "leave `owned` out, or store both in one datasource: they are written in one transaction",
            );
        }
        if field.oneof.is_some() && relation.is_to_many() {
            refuse(
                "is in a oneof and carries many rows",
                "take it out of the oneof",
            );
        }
        // Only the ends whose key stands elsewhere count; the key of a row that refers to others may have several fields.
        let referred: &[&Entity] = match relation.kind {
            RelationKind::BelongsTo { .. } | RelationKind::ReferencesMany { .. } => &[target],
            RelationKind::HasOne { .. } | RelationKind::HasMany { .. } => &[context.own],
            RelationKind::HasManyThrough { .. } => &[context.own, target],
        };
        for model in referred {
            if model.key.len() > 1 {
                let name = &context.messages[model.message.index()].full_name;
                refuse(
                    &format!(
                        "refers to {name}, whose id has several fields; a relation is by one field"
                    ),
                    "give that model an id of one field, and a unique index over the others; or leave the relation out, \
                     keep the fields of the key, and ask for the rows by a filter over them",
                );
            }
        }
    }

    fn embedded(&mut self, context: &Context<'_>, many: bool) {
        self.check_cardinality(context, many);
        let field = context.marked.field;
        if !matches!(field.kind, Kind::Message(_)) {
            let text = format!("{} embeds a model and is no message", field.full_name);
            let help = "declare the field with the type that it embeds";
            self.report.error(field.location.clone(), text, help);
        }
    }

    fn check_cardinality(&mut self, context: &Context<'_>, many: bool) {
        let field = context.marked.field;
        let wanted = if many {
            Cardinality::Repeated
        } else {
            Cardinality::Singular
        };
        if field.cardinality != wanted {
            let (has, needs) = if many {
                ("one row", "add `repeated`")
            } else {
                ("many rows", "take `repeated` away")
            };
            let text = format!(
                "{} carries {has}, which its relation does not",
                field.full_name
            );
            let help = format!("{needs}, or choose another kind of relation");
            self.report.error(field.location.clone(), text, help);
        }
    }

    /// The model that the field carries, which must be the one that is named, if one is.
    fn target<'a>(&mut self, context: &Context<'a>, named: &str) -> Option<&'a Entity> {
        let field = context.marked.field;
        let carried = match field.kind {
            Kind::Message(id) => Some(&context.messages[id.index()]),
            _ => None,
        };
        if !named.is_empty() {
            let found = self.model(context, named)?;
            if Some(found.message) != carried.map(|message| message.id) {
                let text = format!(
                    "{} is related to `{named}` and has another type",
                    field.full_name
                );
                let help = "leave `target` out, or give the field that type";
                self.report.error(field.location.clone(), text, help);
                return None;
            }
            return Some(found);
        }
        let found = carried.and_then(|message| message.entity);
        if found.is_none() {
            let name = carried.map_or("its type", |message| &*message.full_name);
            self.report.error(
                field.location.clone(),
                format!("{} is a relation, and {name} is no model", field.full_name),
                "write `option (protoloop.v1.model) = {};` in the related message, and mark its id",
            );
        }
        found.map(|id| context.entity(id))
    }

    /// A model by its name, full or relative to the package.
    fn model<'a>(&mut self, context: &Context<'a>, named: &str) -> Option<&'a Entity> {
        let found = find_model(
            &self.names,
            context.messages,
            &context.message.package,
            named,
        );
        if found.is_none() {
            let field = context.marked.field;
            let text = format!(
                "{} names the model `{named}`, which does not exist",
                field.full_name
            );
            let help = format!("models are: {}", context.models());
            self.report.error(field.location.clone(), text, help);
        }
        found.map(|id| context.entity(id))
    }

    fn belongs_to(
        &mut self,
        context: &Context<'_>,
        target: &Entity,
        one: &declared::BelongsTo,
    ) -> Option<RelationKind> {
        let field = context.marked.field;
        let key = self.key_field(
            context,
            &KeyOf {
                holder: context.own,
                refers_to: target,
                name: given_or(&one.key, || format!("{}_id", field.name)),
                cardinality: Cardinality::Singular,
            },
        )?;
        Some(RelationKind::BelongsTo {
            key: key.number,
            on_delete: on_delete(one.on_delete).unwrap_or_default(),
        })
    }

    fn has_one(
        &mut self,
        context: &Context<'_>,
        target: &Entity,
        one: &declared::HasOne,
    ) -> Option<RelationKind> {
        let key = self.far_key(context, target, &one.key)?;
        Some(RelationKind::HasOne { key: key.number })
    }

    fn has_many(
        &mut self,
        context: &Context<'_>,
        target: &Entity,
        many: &declared::HasMany,
    ) -> Option<RelationKind> {
        if many.through.is_empty() {
            let key = self.far_key(context, target, &many.key)?;
            return Some(RelationKind::HasMany { key: key.number });
        }
        let through = self.model(context, &many.through)?;
        let key = self.far_key(context, through, &many.key);
        let name = &context.messages[target.message.index()].name;
        let through_key = self.key_field(
            context,
            &KeyOf {
                holder: through,
                refers_to: target,
                name: given_or(&many.through_key, || format!("{}_id", snake(name))),
                cardinality: Cardinality::Singular,
            },
        );
        Some(RelationKind::HasManyThrough {
            through: through.id,
            key: key?.number,
            through_key: through_key?.number,
        })
    }

    fn references_many(
        &mut self,
        context: &Context<'_>,
        target: &Entity,
        many: &declared::ReferencesMany,
    ) -> Option<RelationKind> {
        let name = &context.marked.field.name;
        let key = self.key_field(
            context,
            &KeyOf {
                holder: context.own,
                refers_to: target,
                name: given_or(&many.key, || {
                    format!("{}_ids", singular(name).as_deref().unwrap_or(name))
                }),
                cardinality: Cardinality::Repeated,
            },
        )?;
        Some(RelationKind::ReferencesMany { key: key.number })
    }

    /// The field of another model that holds the id of this one.
    fn far_key<'a>(
        &mut self,
        context: &Context<'a>,
        holder: &Entity,
        given: &str,
    ) -> Option<&'a Field> {
        let name = given_or(given, || format!("{}_id", snake(&context.message.name)));
        let key = KeyOf {
            holder,
            refers_to: context.own,
            name,
            cardinality: Cardinality::Singular,
        };
        self.key_field(context, &key)
    }

    fn key_field<'a>(&mut self, context: &Context<'a>, key: &KeyOf<'_>) -> Option<&'a Field> {
        let relation = &context.marked.field.full_name;
        let location = &context.marked.field.location;
        let holder = &context.messages[key.holder.message.index()];
        let id = context.key_of(key.refers_to)?;
        let repeated = if key.cardinality == Cardinality::Repeated {
            "repeated "
        } else {
            ""
        };
        let wanted = format!("{repeated}{} {}", scalar_name(id.kind), key.name);
        let Some(field) = holder.field_by_name(&key.name) else {
            self.report.error(
                location.clone(),
                format!(
                    "{relation} needs the key `{}`, which {} does not have",
                    key.name, holder.full_name
                ),
                format!(
                    "add `{wanted} = N;` to {}, or name another field with `key`",
                    holder.name
                ),
            );
            return None;
        };
        if field.kind != id.kind || field.cardinality != key.cardinality {
            self.report.error(
                location.clone(),
                format!(
                    "{relation} has the key {}, which is not of the type of {}",
                    field.full_name, id.full_name
                ),
                format!("declare it as `{wanted} = {};`", field.number),
            );
            return None;
        }
        Some(field)
    }

    /// The discriminator of a key that one model holds and that refers to another; `None` when it is wrong.
    #[allow(clippy::option_option, reason = "the outer one is a reported error")]
    fn discriminator(
        &mut self,
        context: &Context<'_>,
        (holder, refers_to): (&Entity, &Entity),
        written: &str,
    ) -> Option<Option<Discriminator>> {
        if written.is_empty() {
            return Some(None);
        }
        let message = |entity: &Entity| &context.messages[entity.message.index()];
        let (relation, holder, refers_to) = (
            &context.marked.field.full_name,
            message(holder),
            message(refers_to),
        );
        let location = context.marked.field.location.clone();
        let Some(field) = holder.field_by_name(written) else {
            let text = format!(
                "{relation} needs the discriminator `{written}`, which {} does not have",
                holder.full_name
            );
            let help = format!("add `string {written} = N;` to {}", holder.name);
            self.report.error(location, text, help);
            return None;
        };
        if field.kind != Kind::String || field.cardinality != Cardinality::Singular {
            let text = format!(
                "{relation} has the discriminator {}, which is no string",
                field.full_name
            );
            let help = format!("declare it as `string {written} = {}`", field.number);
            self.report.error(location, text, help);
            return None;
        }
        let value = if holder.package == refers_to.package {
            std::sync::Arc::clone(&refers_to.name)
        } else {
            std::sync::Arc::clone(&refers_to.full_name)
        };
        Some(Some(Discriminator {
            field: field.number,
            value,
        }))
    }
}

/// What the relation of one field is read against.
struct Context<'a> {
    entities: &'a [Entity],
    messages: &'a [Message],
    own: &'a Entity,
    message: &'a Message,
    marked: &'a Marked<'a>,
}

impl<'a> Context<'a> {
    fn entity(&self, id: EntityId) -> &'a Entity {
        &self.entities[id.index()]
    }

    /// The id field of a model; `None` when it has none, which is reported elsewhere.
    fn key_of(&self, entity: &Entity) -> Option<&'a Field> {
        let message = &self.messages[entity.message.index()];
        let (_, field) = message.field_by_number(*entity.key.first()?)?;
        Some(field)
    }

    fn models(&self) -> String {
        let names = self
            .entities
            .iter()
            .map(|entity| &*self.messages[entity.message.index()].full_name);
        names.collect::<Vec<_>>().join(", ")
    }
}

fn given_or(given: &str, otherwise: impl FnOnce() -> String) -> String {
    if given.is_empty() {
        otherwise()
    } else {
        given.to_owned()
    }
}

/// How a key's type is written.
fn scalar_name(kind: Kind) -> String {
    format!("{kind:?}").to_lowercase()
}
