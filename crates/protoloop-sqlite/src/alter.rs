//! Writes that look at a row first, and may ask it to fulfil a condition.

use protoloop_core::{Error, Result};
use protoloop_repository::{Alter, Alteration, Filter, Key, Record};
use protoloop_sql::Table;
use sqlx::sqlite::SqliteConnection;

use crate::{
    arguments::query_once,
    failure::Failure,
    row::Row,
    transaction::{change, change_once, find, insert, reworded, sound, spared, unwinding},
};

/// Keeps, replaces or removes the row of a key. With a condition every statement has it.
pub(crate) async fn alter(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
    alter: &Alter<Record>,
) -> Result<Option<Record>, Failure> {
    let before = match scope {
        None => find(connection, table, key).await?,
        Some(scope) => find_within(connection, table, key, scope).await?,
    };
    match (unwinding(|| alter(before.as_ref()))?, before) {
        (Alteration::Put(after), before) => put(connection, table, key, scope, before, &after)
            .await
            .map(Some),
        (Alteration::Remove, Some(before)) => {
            remove(connection, table, key, scope).await?;
            Ok(Some(before))
        }
        (Alteration::Keep | Alteration::Remove, before) => Ok(before),
    }
}

async fn find_within(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
    scope: &Filter,
) -> Result<Option<Record>, Failure> {
    let found = query_once(table.find_within(key, scope, true)?)?
        .fetch_optional(connection)
        .await
        .map_err(Failure::of_driver)?;
    Ok(found.map(|row| table.record(&Row(&row))).transpose()?)
}

/// Removes the row that was found under a key.
pub(crate) async fn remove(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
) -> Result<(), Failure> {
    let removed = match scope {
        None => change(connection, table, table.delete_sql(), table.key_values(key)).await,
        Some(scope) => change_once(connection, table, table.delete_within(key, scope)?).await,
    };
    spared(connection, table, key, removed).await?;
    Ok(())
}

/// Stores a row in the place of the one that was found under its key, or anew.
pub(crate) async fn put(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
    before: Option<Record>,
    after: &Record,
) -> Result<Record, Failure> {
    if table.model().find_key(after.as_ref()).as_ref() != Some(key) {
        let model = table.model().full_name();
        let what = format!("an edit of {model} `{key}` changed the key");
        return Err(Error::internal_error(what).into());
    }
    let values = table.row_of(after.as_ref())?;
    let Some(before) = before else {
        return insert(connection, table, values).await;
    };
    let Some(sql) = table.update_sql() else {
        return Ok(before);
    };
    let stored = table.record(values.as_slice())?;
    let changed = match scope {
        None => change(connection, table, sql, table.update_values(values)).await,
        Some(scope) => match table.update_within(values, key, scope)? {
            Some(update) => change_once(connection, table, update).await,
            None => return Ok(before),
        },
    };
    sound(connection, table, &stored, changed).await?;
    reworded(connection, table, stored).await
}
