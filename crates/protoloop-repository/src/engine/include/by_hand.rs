//! Inclusion in rows that code of the application has read.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use bytes::Bytes;
use protoloop_core::{CallContext, Error, Result};
use protoloop_schema::{EntityId, RelationKind};
use protoloop_wire::mask::{Mask, project};

use super::{
    Included,
    load::{Room, shown},
    tree::grow,
};
use crate::{Entity, Inclusion, Model, Record, Repositories, Repository};

/// The same rows with related ones in their navigation fields: `include` is `author,reviews.user`, or the value of `include`
/// in a LoopBack filter object, with conditions, orders and limits of its own. One statement for each relation, whatever the
/// number of rows. Related rows are those that the call context may see, whole: the hidden fields are not left out.
///
/// # Errors
/// INVALID_ARGUMENT for what is no relation of the model; RESOURCE_EXHAUSTED for more than 100,000 related rows; as
/// [`Repository::find_grouped`].
pub async fn include<E: Entity>(
    repositories: &(dyn Repositories + Sync),
    cx: &CallContext,
    model: &Arc<Model>,
    rows: Vec<E>,
    include: &str,
) -> Result<Vec<E>> {
    let inclusions = Inclusion::parse(model, include).map_err(|error| error.at_field("include"))?;
    let own = repositories.records(model.full_name())?;
    let mut found = HashMap::new();
    gather(repositories, own.model(), &inclusions, &mut found)?;
    let served = |id: EntityId| found.get(&id).cloned();
    let branches = grow(&served, own.model(), inclusions, None)
        .map_err(|what| Error::invalid_field("include", what))?;
    let records: Vec<Record> = rows.iter().map(|row| Record(row.encode())).collect();
    let top = Whole(own);
    let rows = shown(cx, &top, records, None, &branches, &Room::new()).await?;
    rows.into_iter().map(E::decode).collect()
}

/// Adds the models that inclusions lead to.
fn gather(
    repositories: &dyn Repositories,
    model: &Model,
    inclusions: &[Inclusion],
    found: &mut HashMap<EntityId, Arc<dyn Included>>,
) -> Result<()> {
    for inclusion in inclusions {
        let target = inclusion.link.target();
        let mut relations = model.entity().relations.iter();
        let through = relations
            .find(|relation| relation.field == inclusion.link.field())
            .and_then(|relation| match relation.kind {
                RelationKind::HasManyThrough { through, .. } => Some(through),
                _ => None,
            });
        for id in through.into_iter().chain([target.entity().id]) {
            let schema = model.schema();
            let name = &schema.message(schema.entity(id).message).full_name;
            if let Entry::Vacant(vacant) = found.entry(id) {
                vacant.insert(Arc::new(Whole(repositories.records(name)?)));
            }
        }
        gather(repositories, target, &inclusion.scope.include, found)?;
    }
    Ok(())
}

/// Rows with all their fields.
struct Whole(Arc<dyn Repository<Record>>);

impl Included for Whole {
    fn model(&self) -> &Arc<Model> {
        self.0.model()
    }

    fn repository(&self) -> &dyn Repository<Record> {
        &*self.0
    }

    fn shown(&self, row: Record, mask: Option<&Mask>) -> Bytes {
        match mask {
            Some(mask) => project(&self.0.model().view(row.as_ref()), mask).into(),
            None => row.0,
        }
    }
}
