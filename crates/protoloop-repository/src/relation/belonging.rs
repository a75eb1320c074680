//! Which rows belong to one row by a relation whose key is elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_schema::{Relation, RelationKind};
use protoloop_wire::Patch;

use crate::{
    CompareOp, Filter, Key, KeyValue, Link, Model, PropertyPath, Record, Related, Value,
    link::meant,
};

/// A row, by its key, and one of its relations.
#[derive(Clone, Copy)]
pub(crate) struct Belonging<'a> {
    pub(crate) relation: &'a Relation,
    pub(crate) key: &'a KeyValue,
    /// The linking model of a many-to-many.
    pub(crate) links: Option<&'a Arc<Model>>,
}

impl<'a> Belonging<'a> {
    /// Which rows of the other model belong to the row.
    pub(crate) fn condition(&self, target: &Model) -> Result<Filter> {
        let value = Value::from(self.key);
        Ok(match &self.relation.kind {
            RelationKind::HasOne { key } | RelationKind::HasMany { key } => {
                let owned = equals(target, *key, value)?;
                match meant(target, self.relation) {
                    Some(meant) => Filter::And(vec![owned, meant]),
                    None => owned,
                }
            }
            RelationKind::HasManyThrough {
                key, through_key, ..
            } => {
                let links = self.links.ok_or_else(|| unfit(target))?;
                Filter::Related(Box::new(Related {
                    filter: equals(links, *key, value)?,
                    link: Link::to_links(target, links, self.relation, *through_key)?,
                }))
            }
            _ => return Err(unfit(target)),
        })
    }

    /// The fields of the other model that say to whom a row belongs, with what they say here.
    pub(crate) fn marks(&self) -> Vec<(u32, KeyValue)> {
        let (RelationKind::HasOne { key } | RelationKind::HasMany { key }) = self.relation.kind
        else {
            return Vec::new();
        };
        let told = self.relation.discriminator.as_ref();
        let told = told.map(|told| (told.field, KeyValue::String(told.value.as_ref().into())));
        std::iter::once((key, self.key.clone()))
            .chain(told)
            .collect()
    }

    /// A row that belongs to this one. `differs` makes the error of a field that says otherwise, with what it should say.
    pub(crate) fn marked(
        &self,
        target: &Model,
        row: Record,
        differs: impl Fn(u32, &KeyValue) -> Error,
    ) -> Result<Record> {
        let mut patch = Patch::default();
        for (number, value) in self.marks() {
            let path = target
                .column_property(number)
                .ok_or_else(|| unfit(target))?;
            let written = target.view(row.as_ref()).has(number);
            if written && target.value_of(row.as_ref(), &path) != Value::from(&value) {
                return Err(differs(number, &value));
            }
            target.patch_value(&mut patch, number, &value)?;
        }
        Ok(target.patched(row, &patch))
    }

    /// The linking model, and its fields with the key of this row and of the other.
    fn linking(&self) -> Result<(&'a Arc<Model>, u32, u32)> {
        match (&self.relation.kind, self.links) {
            (
                RelationKind::HasManyThrough {
                    key, through_key, ..
                },
                Some(links),
            ) => Ok((links, *key, *through_key)),
            _ => Err(Error::internal_error(format!(
                "`{}` has no linking rows",
                self.relation.name
            ))),
        }
    }

    /// The field of linking rows that holds this row's key.
    pub(crate) fn own_key(&self) -> Result<u32> {
        Ok(self.linking()?.1)
    }

    /// The field of linking rows that holds the other row's key.
    pub(crate) fn other(&self) -> Result<PropertyPath> {
        let (links, _, other) = self.linking()?;
        links.column_property(other).ok_or_else(|| unfit(links))
    }

    /// The rows that link the row to others.
    pub(crate) fn all_links(&self) -> Result<Filter> {
        let (links, key, _) = self.linking()?;
        equals(links, key, Value::from(self.key))
    }

    /// The rows that link the row to some others.
    pub(crate) fn links_to(&self, keys: &[Key]) -> Result<Filter> {
        let values = keys.iter().flat_map(Key::values).map(Value::from);
        let others = Filter::In {
            path: self.other()?,
            values: values.collect(),
        };
        Ok(Filter::And(vec![self.all_links()?, others]))
    }

    /// A new row that links the row to another.
    pub(crate) fn link_to(&self, other: &Key) -> Result<Record> {
        let (model, key, through_key) = self.linking()?;
        let [other] = other.values() else {
            return Err(unfit(model));
        };
        let mut patch = Patch::default();
        model.patch_value(&mut patch, key, self.key)?;
        model.patch_value(&mut patch, through_key, other)?;
        Ok(model.patched(Record(Bytes::new()), &patch))
    }
}

fn equals(model: &Model, number: u32, value: Value) -> Result<Filter> {
    Ok(Filter::Compare {
        path: model.column_property(number).ok_or_else(|| unfit(model))?,
        op: CompareOp::Eq,
        value,
    })
}

fn unfit(model: &Model) -> Error {
    Error::internal_error(format!("{}: a relation without its key", model.full_name()))
}
