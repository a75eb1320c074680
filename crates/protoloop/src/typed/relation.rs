//! What generated methods of relations do.

use std::sync::Arc;

use prost::Name;
use protoloop_core::Result;
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
