//! The rows that one row is related to, for code that works by hand: LoopBack's relation repositories.
//!
//! Each is made from a row and one of its relations. What it finds, stores, changes and removes are rows that belong to that
//! row, with all that the repository of the other model does: hooks, stamps, tenants, soft delete, and the transaction of
//! the call context.

mod belonging;
mod links;
mod many;
mod one;

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_schema::{Relation, RelationKind};

pub(crate) use belonging::Belonging;
pub(crate) use links::link;
pub use many::{HasMany, HasManyThrough};
pub use one::{BelongsTo, HasOne, ReferencesMany};

use crate::{Entity, Filter, Key, KeyValue, Model, Record, Repository, managed::is_one_of};

/// Gives the repositories of an application's models.
pub trait Repositories {
    /// The rows of a model by its full name: `shop.v1.Order`.
    ///
    /// # Errors
    /// INTERNAL when the application has no such model.
    fn records(&self, model: &str) -> Result<Arc<dyn Repository<Record>>>;
}

/// A row and one of its relations whose key is elsewhere.
struct End {
    source: Arc<Model>,
    relation: Relation,
    key: KeyValue,
    links: Option<Arc<dyn Repository<Record>>>,
}

impl End {
    fn new<P: Entity>(source: &Arc<Model>, row: &P, field: u32) -> Result<Self> {
        let relation = relation_of(source, field)?;
        let key = source.find_key(&row.encode());
        let key = key.ok_or_else(|| {
            let singular = &source.entity().singular;
            Error::failed_precondition(format!(
                "the {singular} has no id, so nothing belongs to it; store it first"
            ))
        })?;
        let [key] = key.values() else {
            return Err(Error::failed_precondition(format!(
                "`{}` cannot be followed: the key of {} has several fields",
                relation.name,
                source.full_name()
            )));
        };
        Ok(Self {
            source: Arc::clone(source),
            key: key.clone(),
            relation,
            links: None,
        })
    }

    fn belonging(&self) -> Belonging<'_> {
        Belonging {
            relation: &self.relation,
            key: &self.key,
            links: self.links.as_ref().map(|links| links.model()),
        }
    }

    /// A row of the other model as one that belongs to this row.
    fn marked<E: Entity>(&self, target: &Model, row: &E) -> Result<E> {
        let row = target.canonical(row.encode())?;
        let singular = &self.source.entity().singular;
        let marked = self.belonging().marked(target, row, |number, value| {
            let what = format!("is not `{value}`, as that of the {singular}");
            Error::invalid_field(target.field_name(number), what)
        })?;
        E::decode(marked.0)
    }
}

fn relation_of(model: &Model, field: u32) -> Result<Relation> {
    let mut relations = model.entity().relations.iter();
    let found = relations.find(|relation| relation.field == field);
    found.cloned().ok_or_else(|| {
        Error::internal_error(format!("{} has no relation {field}", model.full_name()))
    })
}

/// The condition that a row has a key.
fn has_key(model: &Model, key: &Key) -> Result<Filter> {
    match key.values().len() == model.entity().key.len() {
        true => Ok(is_one_of(model, std::slice::from_ref(key))),
        false => Err(model.not_found(key)),
    }
}

/// INTERNAL when a relation is not of the kind that generated code takes it for.
fn wrong_kind(relation: &Relation) -> Error {
    let kind = match relation.kind {
        RelationKind::BelongsTo { .. } => "belongs_to",
        RelationKind::HasOne { .. } => "has_one",
        RelationKind::HasMany { .. } => "has_many",
        RelationKind::HasManyThrough { .. } => "has_many through a model",
        RelationKind::ReferencesMany { .. } => "references_many",
    };
    Error::internal_error(format!("`{}` is a {kind}", relation.name))
}
