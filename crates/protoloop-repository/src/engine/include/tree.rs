//! What is to be included, checked.

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_schema::{EntityId, Relation, RelationKind};
use protoloop_wire::mask::Mask;

use super::Included;
use crate::{
    Filter, Inclusion, Model, OrderBy, OrderTerm, Scope,
    engine::{arguments::Arguments, operation::Operation},
};

/// A relation whose rows are included.
pub(in crate::engine) struct Branch {
    pub(super) relation: Relation,
    pub(super) target: Arc<dyn Included>,
    /// The linking rows of a relation that goes through them.
    pub(super) through: Option<Arc<dyn Included>>,
    pub(super) filter: Option<Filter>,
    pub(super) order: Option<OrderBy>,
    pub(super) limit: Option<u32>,
    pub(super) skip: u64,
    /// What is shown of each row; `None` for all.
    pub(super) mask: Option<Mask>,
    pub(super) branches: Vec<Self>,
}

impl Operation {
    /// What a request asks to include, by its argument or its filter object. `mask` is the read mask.
    pub(in crate::engine) fn branches(
        &self,
        arguments: &Arguments<'_>,
        include: Vec<Inclusion>,
        mask: Option<&Mask>,
    ) -> Result<Vec<Branch>> {
        let inclusions = self.include(arguments, include)?;
        if inclusions.is_empty() {
            return Ok(Vec::new());
        }
        let served = |id: EntityId| {
            let subject = self.subjects.get(&id).cloned();
            subject.map(|subject| subject as Arc<dyn Included>)
        };
        grow(&served, self.model(), inclusions, mask).map_err(|what| {
            arguments.invalid(arguments.shape.include.or(arguments.shape.filter), what)
        })
    }
}

/// Finds the rows of a model that may be included.
pub(super) type Served<'a> = &'a dyn Fn(EntityId) -> Option<Arc<dyn Included>>;

/// The branches of inclusions in rows of a model; what is wrong with them otherwise.
pub(super) fn grow(
    served: Served<'_>,
    model: &Model,
    inclusions: Vec<Inclusion>,
    mask: Option<&Mask>,
) -> Result<Vec<Branch>, String> {
    let grow = |inclusion: Inclusion| branch(served, model, inclusion, mask);
    inclusions.into_iter().map(grow).collect()
}

fn branch(
    served: Served<'_>,
    model: &Model,
    inclusion: Inclusion,
    mask: Option<&Mask>,
) -> Result<Branch, String> {
    let relations = &model.entity().relations;
    let relation = relations
        .iter()
        .find(|relation| relation.field == inclusion.link.field())
        .ok_or("includes what is no relation")?;
    let find = |id| {
        served(id).ok_or_else(|| {
            let schema = model.schema();
            let other = &schema.message(schema.entity(id).message).full_name;
            format!(
                "`{}` cannot be included: {other} is not served here",
                relation.name
            )
        })
    };
    let target = find(relation.target)?;
    let through = match relation.kind {
        RelationKind::HasManyThrough { through, .. } => Some(find(through)?),
        _ => None,
    };
    let Scope {
        filter,
        order,
        nearest,
        limit,
        skip,
        fields,
        include,
    } = inclusion.scope;
    // A mask that does not name the relation leaves it whole.
    let part = mask.and_then(|mask| mask.field(relation.field)).cloned();
    let mask = fields.or(part).filter(|mask| !mask.is_whole());
    Ok(Branch {
        branches: grow(served, target.model(), include, mask.as_ref())?,
        relation: relation.clone(),
        target,
        through,
        filter,
        order: order.or(nearest),
        limit,
        skip: skip.unwrap_or(0),
        mask,
    })
}

impl Branch {
    /// Columns of the rows above by which the included ones are found.
    fn columns(&self) -> impl Iterator<Item = u32> {
        let key = match self.relation.kind {
            RelationKind::BelongsTo { key, .. } | RelationKind::ReferencesMany { key } => Some(key),
            _ => None,
        };
        let told = self.relation.discriminator.as_ref();
        let told = told.filter(|_| key.is_some()).map(|told| told.field);
        key.into_iter().chain(told)
    }
}

/// The columns to read of rows with these branches, where the mask and the order alone would ask for fewer.
pub(in crate::engine) fn columns_of(
    mask: Option<&Mask>,
    order: &OrderBy,
    branches: &[Branch],
) -> Option<Vec<u32>> {
    let mask = mask?;
    let mut columns: Vec<u32> = mask.fields().map(|field| field.0).collect();
    columns.extend(order.terms().iter().map(OrderTerm::column));
    columns.extend(branches.iter().flat_map(Branch::columns));
    columns.sort_unstable();
    columns.dedup();
    Some(columns)
}

/// RESOURCE_EXHAUSTED: more rows than an answer holds.
pub(super) fn too_many(most: usize) -> Error {
    Error::new(
        protoloop_core::Code::ResourceExhausted,
        format!(
            "an answer includes at most {most} related rows; ask for fewer rows, or give the relations a limit"
        ),
    )
}
