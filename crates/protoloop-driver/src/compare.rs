//! Changes of one row without a transaction: it is looked at, and changed where it is still the same.
//!
//! That takes two statements where a lock between them takes four: one that begins, the look, the change, one that commits.
//! The change is a statement that is atomic by itself. Where someone else changed the row between the two it changes
//! nothing, and the write is done with a lock.

use protoloop_repository::{Alteration, Filter, Key, Record, Write};
use protoloop_sql::Table;

use crate::{
    Link, SharedSql, Values,
    write::{Failed, decided, execute, keeps_key, looked_at, put_new},
};

/// Rows of more bytes are not sent back to be compared.
const MOST: usize = 64 * 1024;

/// Does a write that found a row, or none; `None` where the row changed meanwhile, or is not compared. Nothing was changed
/// then.
pub(crate) async fn change<L: Link>(
    link: &mut L,
    table: &Table,
    write: &Write<Record>,
    before: Option<Record>,
) -> Result<Option<Option<Record>>, Failed> {
    let Some((key, scope)) = looked_at(write) else {
        return Ok(None);
    };
    if before.as_ref().is_some_and(|row| row.0.len() > MOST) {
        return Ok(None);
    }
    match (decided(write, before.as_ref())?, before) {
        (Alteration::Put(after), before) => {
            let stored = put(link, table, key, scope, before, &after).await?;
            Ok(stored.map(Some))
        }
        (Alteration::Remove, Some(before)) => {
            let found = table.row_of(before.as_ref())?;
            let delete = table.delete_found(key, scope, found)?;
            let done = changes(link, table, delete, true).await?;
            Ok(done.then_some(Some(before)))
        }
        (Alteration::Keep | Alteration::Remove, before) => Ok(Some(before)),
    }
}

async fn put<L: Link>(
    link: &mut L,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
    before: Option<Record>,
    after: &Record,
) -> Result<Option<Record>, Failed> {
    keeps_key(table, key, after)?;
    let values = table.row_of(after.as_ref())?;
    let Some(before) = before else {
        return put_new(link, table, scope, values).await.map(Some);
    };
    let stored = table.record(values.as_slice())?;
    let found = table.row_of(before.as_ref())?;
    let update = table.update_found(key, scope, values, found)?;
    let done = changes(link, table, update, false).await?;
    Ok(done.then_some(stored))
}

/// Whether a statement found its row.
async fn changes<L: Link>(
    link: &mut L,
    table: &Table,
    statement: Option<(SharedSql, Values<'_>)>,
    deleting: bool,
) -> Result<bool, Failed> {
    let Some(statement) = statement else {
        return Ok(false);
    };
    Ok(execute(link, table, statement, deleting).await?.rows > 0)
}
