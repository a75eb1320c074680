//! Writes.

use std::{borrow::Cow, sync::Arc};

use protoloop_core::{Error, Result};
use protoloop_repository::{Key, Record, Write, WriteError};
use protoloop_sql::{SqlValue, Table};
use sqlx::{Connection as _, sqlite::SqliteConnection};

use crate::{
    arguments::query,
    error::{of_driver, of_write},
    row::Row,
};

/// Does the writes in order, all or none.
pub(crate) async fn write(
    connection: &mut SqliteConnection,
    table: &Table,
    writes: Vec<Write<Record>>,
) -> Result<Vec<Option<Record>>, WriteError> {
    if let [Write::Create(row)] = writes.as_slice() {
        // One statement is a transaction by itself.
        let row = create(connection, table, row).await;
        return row
            .map(|row| vec![Some(row)])
            .map_err(|error| WriteError::at(0, error));
    }
    // IMMEDIATE takes the lock before the first read, so that no other process changes what an edit has seen.
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(of_driver)?;
    let mut answers = Vec::with_capacity(writes.len());
    for (index, write) in writes.into_iter().enumerate() {
        let answer = one(&mut transaction, table, write).await;
        answers.push(answer.map_err(|error| WriteError::at(index, error))?);
    }
    transaction.commit().await.map_err(of_driver)?;
    Ok(answers)
}

async fn one(
    connection: &mut SqliteConnection,
    table: &Table,
    write: Write<Record>,
) -> Result<Option<Record>> {
    match write {
        Write::Create(row) => create(connection, table, &row).await.map(Some),
        Write::Modify { key, edit } => {
            let before = find(connection, table, &key).await?;
            let after = edit(before.as_ref())?;
            if table.model().find_key(after.as_ref()).as_ref() != Some(&key) {
                let model = table.model().full_name();
                let what = format!("an edit of {model} `{key}` changed the key");
                return Err(Error::internal_error(what));
            }
            let values = table.row_of(after.as_ref())?;
            match (before, table.update_sql()) {
                (None, _) => insert(connection, table, values).await.map(Some),
                (Some(before), None) => Ok(Some(before)),
                (Some(_), Some(sql)) => {
                    let stored = table.record(values.as_slice())?;
                    run(connection, table, sql, table.update_values(values)).await?;
                    Ok(Some(stored))
                }
            }
        }
        Write::Delete { key, check } => {
            let before = find(connection, table, &key).await?;
            check(before.as_ref())?;
            if before.is_some() {
                run(
                    connection,
                    table,
                    table.delete_sql(),
                    table.key_values(&key),
                )
                .await?;
            }
            Ok(before)
        }
    }
}

/// The row of a key.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
) -> Result<Option<Record>> {
    let row = query(Cow::Borrowed(table.find_sql()), table.key_values(key))?
        .fetch_optional(connection)
        .await
        .map_err(of_driver)?;
    row.map(|row| table.record(&Row(&row))).transpose()
}

async fn create(connection: &mut SqliteConnection, table: &Table, row: &Record) -> Result<Record> {
    if !table.is_sequence() {
        // Names the key field that is missing.
        table.model().key_of(row.as_ref())?;
    }
    insert(connection, table, table.row_of(row.as_ref())?).await
}

/// Inserts a row and answers it as it is stored.
async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    mut values: Vec<SqlValue<'_>>,
) -> Result<Record> {
    let counted = table.is_sequence() && table.key().iter().any(|at| values[*at] == SqlValue::Null);
    if !counted {
        let stored = table.record(values.as_slice())?;
        run(connection, table, table.insert_sql(), values).await?;
        return Ok(stored);
    }
    let number = run(connection, table, table.insert_sql(), values.clone()).await?;
    for at in table.key() {
        values[*at] = SqlValue::Int(number);
    }
    table.record(values.as_slice())
}

/// Runs a statement and answers the number of the row that was inserted last.
async fn run(
    connection: &mut SqliteConnection,
    table: &Table,
    sql: &Arc<str>,
    values: Vec<SqlValue<'_>>,
) -> Result<i64> {
    let done = query(Cow::Borrowed(sql), values)?
        .execute(connection)
        .await
        .map_err(|error| of_write(error, table))?;
    Ok(done.last_insert_rowid())
}
