//! What generated methods of relations do.

use std::sync::Arc;

use prost::Name;
use protoloop_core::{CallContext, Result};
use protoloop_repository::{
    BelongsTo, Entity, HasMany, HasManyThrough, HasOne, Recode, ReferencesMany, Repositories,
    Repository,
};

fn rows<E: Entity + Name>(cx: &impl Repositories) -> Result<Arc<dyn Repository<E>>> {
    Ok(Arc::new(Recode::new(cx.records(&E::full_name())?)))
}

/// The row that a row refers to.
///
/// # Errors
/// INTERNAL when generated code and schema are of different versions.
pub fn belongs_to<P, E>(row: &P, cx: &impl Repositories, field: u32) -> Result<BelongsTo<E>>
where
    P: Entity + Name,
    E: Entity + Name,
{
    let source = cx.records(&P::full_name())?;
    BelongsTo::new(source.model(), row, field, rows(cx)?)
}

/// The row that belongs to a row.
///
/// # Errors
/// FAILED_PRECONDITION when the row has no id; INTERNAL as [`belongs_to`].
pub fn has_one<P, E>(row: &P, cx: &impl Repositories, field: u32) -> Result<HasOne<E>>
where
    P: Entity + Name,
    E: Entity + Name,
{
    let source = cx.records(&P::full_name())?;
    HasOne::new(source.model(), row, field, rows(cx)?)
}

/// The rows that belong to a row.
///
/// # Errors
/// As [`has_one`].
pub fn has_many<P, E>(row: &P, cx: &impl Repositories, field: u32) -> Result<HasMany<E>>
where
    P: Entity + Name,
    E: Entity + Name,
{
    let source = cx.records(&P::full_name())?;
    HasMany::new(source.model(), row, field, rows(cx)?)
}

/// The rows that rows of `L` link to a row.
///
/// # Errors
/// As [`has_one`].
pub fn has_many_through<P, E, L>(
    row: &P,
    cx: &impl Repositories,
    field: u32,
) -> Result<HasManyThrough<E>>
where
    P: Entity + Name,
    E: Entity + Name,
    L: Name,
{
    let source = cx.records(&P::full_name())?;
    let links = cx.records(&L::full_name())?;
    HasManyThrough::new(source.model(), row, field, rows(cx)?, links)
}

/// The rows that a row lists.
///
/// # Errors
/// INTERNAL as [`belongs_to`].
pub fn references_many<P, E>(
    row: &P,
    cx: &impl Repositories,
    field: u32,
) -> Result<ReferencesMany<E>>
where
    P: Entity + Name,
    E: Entity + Name,
{
    let source = cx.records(&P::full_name())?;
    ReferencesMany::new(source.model(), row, field, rows(cx)?)
}

/// The same rows with related ones in their navigation fields, `include(cx, cx, books, "author,reviews.user")`: one statement
/// for each relation, whatever the number of rows. `include` may also be the value of `include` in a LoopBack filter object,
/// with conditions, orders and limits. Related rows are those that the call context may see, whole.
///
/// # Errors
/// INVALID_ARGUMENT for what is no relation of the model; RESOURCE_EXHAUSTED for more than 100,000 related rows;
/// UNAVAILABLE or INTERNAL from the store.
pub async fn include<E: Entity + Name>(
    repositories: &(impl Repositories + Sync),
    cx: &CallContext,
    rows: Vec<E>,
    include: &str,
) -> Result<Vec<E>> {
    let source = repositories.records(&E::full_name())?;
    protoloop_repository::include(repositories, cx, source.model(), rows, include).await
}
