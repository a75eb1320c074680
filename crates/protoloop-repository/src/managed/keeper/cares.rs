//! Which keys of a model are looked after by us, because no database does.

use std::{collections::HashSet, sync::Arc};

use protoloop_core::Result;
use protoloop_schema::{EntityId, OnDelete, Reference, Schema};
use protoloop_wire::View;

use crate::{
    CompareOp, Filter, KeyValue, LeafShape, Model, PropertyPath, Record, Value,
    read::{self, Scalar},
};

/// What is looked after in the writes of one model.
#[derive(Debug, Default)]
pub(super) struct Cares {
    /// The keys that it holds.
    pub(super) held: Vec<Held>,
    /// Fields that tell which model a key refers to, with all that they may say.
    told: Vec<Told>,
    /// The keys of other models, and of its own, that refer to its rows.
    pub(super) referring: Vec<Referring>,
}

/// A key that must refer to a row.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) reference: Reference,
    pub(super) target: Arc<Model>,
    key: PropertyPath,
    told: Option<(PropertyPath, Arc<str>)>,
    /// The tenant keys of both ends, which must agree.
    tenants: Option<(PropertyPath, PropertyPath)>,
}

/// A discriminator whose every value is known.
#[derive(Debug)]
struct Told {
    field: PropertyPath,
    key: PropertyPath,
    values: Vec<Arc<str>>,
}

/// A key that refers to rows which may be deleted.
#[derive(Debug)]
pub(super) struct Referring {
    pub(super) reference: Reference,
    pub(super) from: Arc<Model>,
    key: PropertyPath,
    told: Option<(PropertyPath, Arc<str>)>,
}

/// A key that is looked for: the row that it is in says for which tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sought {
    /// The number among [`Cares::held`].
    pub(super) held: usize,
    pub(super) key: KeyValue,
    /// The tenant as text, which no two tenants share.
    pub(super) tenant: Option<String>,
}

impl Cares {
    /// Empty for a model whose keys the database keeps.
    pub(super) fn of(model: &Model) -> Result<Self> {
        let schema = model.schema();
        let own = model.entity().id;
        let mut cares = Self::default();
        for reference in schema.references() {
            if reference.from == own && is_held(schema, reference) {
                cares.held.extend(Held::of(model, reference)?);
            }
            if reference.to == own && is_cleared(schema, reference) {
                cares.referring.extend(Referring::of(model, reference)?);
            }
        }
        cares.told = told(model, &cares.held);
        Ok(cares)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.referring.is_empty()
    }

    /// Whether a change of these fields may let a key refer to another row.
    pub(super) fn touches(&self, fields: &[u32]) -> bool {
        let mut paths = self.held.iter().flat_map(|held| {
            let told = held.told.as_ref().map(|(path, _)| path);
            let tenant = held.tenants.as_ref().map(|(own, _)| own);
            [Some(&held.key), told, tenant].into_iter().flatten()
        });
        paths.any(|path| fields.contains(&path.column()))
    }

    /// The keys of a row that were not in it before.
    pub(super) fn sought(
        &self,
        model: &Model,
        before: Option<&Record>,
        row: &Record,
    ) -> Result<Vec<Sought>> {
        if self.held.is_empty() {
            return Ok(Vec::new());
        }
        let (after, before) = (
            model.view(row.as_ref()),
            before.map(|row| model.view(row.as_ref())),
        );
        for told in &self.told {
            told.check(model, before.as_ref(), &after)?;
        }
        let mut sought = Vec::new();
        for (number, held) in self.held.iter().enumerate() {
            let had: HashSet<Sought> = match &before {
                Some(before) => held.keys(number, before).collect(),
                None => HashSet::new(),
            };
            let new = held.keys(number, &after).filter(|key| !had.contains(key));
            sought.extend(new);
        }
        Ok(sought)
    }
}

/// Whether we look for the row that a key refers to: where no foreign key does, or where one would not see whose row it
/// is.
fn is_held(schema: &Schema, reference: &Reference) -> bool {
    let has_tenant = |id: EntityId| schema.entity(id).tenant_key.is_some();
    reference.is_kept()
        && (!reference.is_foreign_key() || (has_tenant(reference.from) && has_tenant(reference.to)))
}

/// Whether a delete of the row referred to is ours to follow: where no foreign key does it, or where one would take rows
/// away whose own delete is ours to follow.
fn is_cleared(schema: &Schema, reference: &Reference) -> bool {
    fn inner(schema: &Schema, reference: &Reference, seen: &mut Vec<EntityId>) -> bool {
        if !reference.is_kept() {
            return false;
        }
        if !reference.is_foreign_key() {
            return true;
        }
        if reference.on_delete != OnDelete::Cascade || seen.contains(&reference.from) {
            return false;
        }
        seen.push(reference.from);
        let mut others = schema.references().iter();
        others.any(|other| other.to == reference.from && inner(schema, other, seen))
    }
    inner(schema, reference, &mut vec![reference.to])
}

/// The discriminators of keys whose every reference is held.
fn told(model: &Model, held: &[Held]) -> Vec<Told> {
    let own = model.entity().id;
    let mut found: Vec<Told> = Vec::new();
    for held in held {
        let Some((field, value)) = &held.told else {
            continue;
        };
        let all = model.schema().references().iter();
        let mut all = all.filter(|other| other.from == own && other.key == held.reference.key);
        if !all.all(Reference::is_kept) {
            continue;
        }
        match found.iter_mut().find(|told| told.key == held.key) {
            Some(told) => told.values.push(Arc::clone(value)),
            None => found.push(Told {
                field: field.clone(),
                key: held.key.clone(),
                values: vec![Arc::clone(value)],
            }),
        }
    }
    found
}

impl Told {
    /// FAILED_PRECONDITION when there is a key, and nothing that tells of which model.
    fn check(&self, model: &Model, before: Option<&View<'_>>, row: &View<'_>) -> Result<()> {
        let said = |row: &View<'_>| match read::scalar(row, &self.field) {
            Scalar::String(text) => text.to_owned(),
            _ => String::new(),
        };
        let is_set = |row: &View<'_>| row.has(self.key.column());
        let now = said(row);
        if !is_set(row) || self.values.iter().any(|value| **value == now) {
            return Ok(());
        }
        if before.is_some_and(|before| is_set(before) && said(before) == now) {
            return Ok(());
        }
        let names: Vec<&str> = self.values.iter().map(|value| &**value).collect();
        Err(model.untold(self.key.column(), self.field.column(), &names))
    }
}

fn discriminator(model: &Model, reference: &Reference) -> Option<Option<(PropertyPath, Arc<str>)>> {
    match &reference.discriminator {
        None => Some(None),
        Some(told) => {
            let path = model.column_property(told.field)?;
            Some(Some((path, Arc::clone(&told.value))))
        }
    }
}

impl Held {
    /// `None` when a column is not stored, which no sound schema has.
    fn of(model: &Model, reference: &Reference) -> Result<Option<Self>> {
        let target = Model::new(model.tables(), reference.to)?;
        let tenants = model
            .guard()
            .tenant
            .clone()
            .zip(target.guard().tenant.clone());
        let key = model.column_property(reference.key);
        Ok(key
            .zip(discriminator(model, reference))
            .map(|(key, told)| Self {
                reference: reference.clone(),
                target,
                key,
                told,
                tenants,
            }))
    }

    /// Whether the row referred to must be kept from being deleted by us: no foreign key does.
    pub(super) fn is_locked(&self) -> bool {
        !self.reference.is_foreign_key()
    }

    /// The keys in a row, for the tenant that the row is of.
    fn keys(&self, number: usize, row: &View<'_>) -> impl Iterator<Item = Sought> {
        let told = self.told.as_ref().is_none_or(|(path, value)| {
            matches!(read::scalar(row, path), Scalar::String(text) if text == &**value)
        });
        let tenant = self.tenants.as_ref();
        let tenant = tenant.map(|(own, _)| tenant_of(&read::scalar(row, own).to_value()));
        let mut keys = Vec::new();
        if told && self.key.leaf().shape == LeafShape::List {
            let kind = self.key.leaf().kind;
            let values = row.repeated(self.key.column());
            keys.extend(
                values.filter_map(|value| KeyValue::of(&read::of_wire(value, kind).to_value())),
            );
        } else if told && row.has(self.key.column()) {
            keys.extend(KeyValue::of(&read::scalar(row, &self.key).to_value()));
        }
        keys.into_iter().map(move |key| Sought {
            held: number,
            key,
            tenant: tenant.clone(),
        })
    }

    /// Whether a row found is of the tenant that it is sought for.
    pub(super) fn is_of(&self, sought: &Sought, row: &Record) -> bool {
        match (&self.tenants, &sought.tenant) {
            (Some((_, path)), Some(tenant)) => {
                tenant_of(&self.target.value_of(row.as_ref(), path)) == *tenant
            }
            _ => true,
        }
    }
}

fn tenant_of(value: &Value) -> String {
    format!("{value:?}")
}

impl Referring {
    fn of(model: &Model, reference: &Reference) -> Result<Option<Self>> {
        let from = Model::new(model.tables(), reference.from)?;
        let key = from.column_property(reference.key);
        let found = key.zip(discriminator(&from, reference));
        Ok(found.map(|(key, told)| Self {
            reference: reference.clone(),
            from,
            key,
            told,
        }))
    }

    /// Which rows refer to a key.
    pub(super) fn rows(&self, key: &KeyValue) -> Filter {
        let (path, value) = (self.key.clone(), Value::from(key));
        let refers = match self.reference.many {
            true => Filter::Contains { path, value },
            false => Filter::Compare {
                path,
                op: CompareOp::Eq,
                value,
            },
        };
        match &self.told {
            None => refers,
            Some((path, value)) => {
                let told = Filter::Compare {
                    path: path.clone(),
                    op: CompareOp::Eq,
                    value: Value::String(value.to_string()),
                };
                Filter::And(vec![refers, told])
            }
        }
    }

    /// Whether a value of the list of keys is a key.
    pub(super) fn matcher(
        &self,
    ) -> impl Fn(protoloop_wire::Value<'_>, &KeyValue) -> bool + Send + Sync + use<> {
        let kind = self.key.leaf().kind;
        move |found, key| KeyValue::of(&read::of_wire(found, kind).to_value()).as_ref() == Some(key)
    }
}
