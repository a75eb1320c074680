//! Writes.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use futures_util::TryStreamExt as _;
use protoloop_core::{Error, Result};
use protoloop_repository::{Key, Record, Write};
use protoloop_sql::{SqlValue, Statement, Table, Violation};
use sqlx::{
    Connection as _, Sqlite, Transaction,
    sqlite::{SqliteConnection, SqliteQueryResult},
};

use crate::{
    alter::{alter, put, remove},
    answer::awake,
    arguments::{query, query_once, run},
    error::is_foreign_key,
    failure::Failure,
    row::Row,
};

/// Answers to the writes of one call.
pub(crate) type Answers = Vec<Option<Record>>;

/// Does the writes of one call in order, all or none, in a transaction of their own.
pub(crate) async fn alone(
    connection: &mut SqliteConnection,
    table: &Table,
    writes: Vec<Write<Record>>,
) -> Result<Answers, (Option<usize>, Failure)> {
    // One statement is a transaction by itself.
    let done = match writes.as_slice() {
        [Write::Create(row)] => create(connection, table, row).await.map(Some),
        [write @ Write::Set { .. }] => set(connection, table, write).await,
        _ => Ok(None),
    };
    match done {
        Ok(Some(row)) => return Ok(vec![Some(row)]),
        Ok(None) => {}
        Err(failure) => return Err((Some(0), failure)),
    }
    let mut transaction = begin(connection).await.map_err(|failure| (None, failure))?;
    let answers = each(&mut transaction, table, writes).await?;
    commit(transaction)
        .await
        .map_err(|failure| (None, failure))?;
    Ok(answers)
}

/// Does the writes of one call, all or none, in a transaction that others share.
pub(crate) async fn within(
    transaction: &mut SqliteConnection,
    table: &Table,
    writes: Vec<Write<Record>>,
) -> Result<Answers, (Option<usize>, Failure)> {
    if let [_] = writes.as_slice() {
        // One write changes with its last statement, which leaves nothing behind when it fails.
        return each(transaction, table, writes).await;
    }
    let whole = |error| (None, Failure::of_driver(error));
    run(transaction, "SAVEPOINT call").await.map_err(whole)?;
    let outcome = each(transaction, table, writes).await;
    let end = match &outcome {
        Ok(_) => "RELEASE call",
        Err((_, Failure::Refused(_))) => "ROLLBACK TO call; RELEASE call",
        // The whole transaction is taken back.
        Err((_, Failure::Database { .. })) => return outcome,
    };
    run(transaction, end).await.map_err(whole)?;
    outcome
}

/// Begins a transaction. IMMEDIATE takes the lock before the first read, so that no other process changes what an edit has
/// seen.
pub(crate) async fn begin(
    connection: &mut SqliteConnection,
) -> Result<Transaction<'_, Sqlite>, Failure> {
    let begun = connection.begin_with("BEGIN IMMEDIATE").await;
    begun.map_err(Failure::of_driver)
}

/// Commits a transaction: what it wrote is durable then.
pub(crate) async fn commit(transaction: Transaction<'_, Sqlite>) -> Result<(), Failure> {
    transaction.commit().await.map_err(Failure::of_driver)
}

async fn each(
    connection: &mut SqliteConnection,
    table: &Table,
    writes: Vec<Write<Record>>,
) -> Result<Answers, (Option<usize>, Failure)> {
    let mut answers = Vec::with_capacity(writes.len());
    for (index, write) in writes.into_iter().enumerate() {
        let answer = one(connection, table, write).await;
        answers.push(answer.map_err(|failure| (Some(index), failure))?);
    }
    Ok(answers)
}

async fn one(
    connection: &mut SqliteConnection,
    table: &Table,
    write: Write<Record>,
) -> Result<Option<Record>, Failure> {
    match write {
        Write::Create(row) => create(connection, table, &row).await.map(Some),
        Write::Modify { key, edit } => {
            let before = find(connection, table, &key).await?;
            let after = unwinding(|| edit(before.as_ref()))?;
            put(connection, table, &key, None, before, &after)
                .await
                .map(Some)
        }
        Write::Set {
            ref key,
            ref scope,
            alter: ref change,
            ..
        } => match set(connection, table, &write).await? {
            None => alter(connection, table, key, scope.as_ref(), change).await,
            changed => Ok(changed),
        },
        Write::Delete { key, check } => {
            let before = find(connection, table, &key).await?;
            unwinding(|| check(before.as_ref()))?;
            if before.is_some() {
                remove(connection, table, &key, None).await?;
            }
            Ok(before)
        }
        Write::Alter {
            key,
            scope,
            alter: change,
        } => alter(connection, table, &key, scope.as_ref(), &change).await,
    }
}

/// Sets fields of a row in one statement, and answers it as it is stored then; `None` where that changes no row.
async fn set(
    connection: &mut SqliteConnection,
    table: &Table,
    write: &Write<Record>,
) -> Result<Option<Record>, Failure> {
    let Write::Set {
        key, changes, when, ..
    } = write
    else {
        return Ok(None);
    };
    let Some((sql, values)) = table.set(key, when.as_ref(), changes)? else {
        return Ok(None);
    };
    let mut changed = None;
    let mut rows = query(Cow::Owned(sql), values)?.fetch(&mut *connection);
    // To its end, since outside of a transaction that is where it is committed.
    loop {
        match rows.try_next().await {
            Ok(None) => return Ok(changed),
            Ok(Some(row)) => changed = Some(table.record(&Row(&row))?),
            // Which reference it is takes a look at the whole row.
            Err(error) if is_foreign_key(&error) => return Ok(None),
            Err(error) => return Err(Failure::of_write(error, table)),
        }
    }
}

/// Runs a caller's closure; its panic is its own failure and not that of others in the same transaction.
pub(crate) fn unwinding<T>(closure: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(closure))
        .unwrap_or_else(|_| Err(Error::internal_error("an edit or check panicked")))
}

/// The row of a key.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
) -> Result<Option<Record>, Failure> {
    let query = query(Cow::Borrowed(table.find_sql()), table.key_values(key))?;
    let row = awake(query.fetch_optional(connection)).await;
    let row = row.map_err(Failure::of_driver)?;
    Ok(row.map(|row| table.record(&Row(&row))).transpose()?)
}

async fn create(
    connection: &mut SqliteConnection,
    table: &Table,
    row: &Record,
) -> Result<Record, Failure> {
    if !table.is_sequence() {
        // Names the key field that is missing.
        table.model().key_of(row.as_ref())?;
    }
    insert(connection, table, table.row_of(row.as_ref())?).await
}

/// Inserts a row and answers it as it is stored.
pub(crate) async fn insert(
    connection: &mut SqliteConnection,
    table: &Table,
    mut values: Vec<SqlValue<'_>>,
) -> Result<Record, Failure> {
    let counted = table.is_sequence() && table.key().iter().any(|at| values[*at] == SqlValue::Null);
    if !counted {
        let stored = table.record(values.as_slice())?;
        let given = table.insert_values(values);
        let inserted = change(connection, table, table.insert_sql(), given).await;
        sound(connection, table, &stored, inserted).await?;
        return reworded(connection, table, stored).await;
    }
    let given = table.insert_values(values.clone());
    let number = match change(connection, table, table.insert_sql(), given).await {
        Err(Unchanged::ForeignKey(error)) => {
            let checks = table.dangling_checks(&values);
            return Err(told(connection, table, checks, false, error).await);
        }
        Err(Unchanged::Failure(failure)) => return Err(failure),
        Ok(number) => number,
    };
    for at in table.key() {
        values[*at] = SqlValue::Int(number);
    }
    reworded(connection, table, table.record(values.as_slice())?).await
}

/// What was written, read again where the database may have made something else of it.
pub(crate) async fn reworded(
    connection: &mut SqliteConnection,
    table: &Table,
    written: Record,
) -> Result<Record, Failure> {
    if !table.rewords() {
        return Ok(written);
    }
    let key = table.model().key_of(written.as_ref())?;
    let stored = find(connection, table, &key).await?;
    Ok(stored.unwrap_or(written))
}

/// Why a statement changed nothing.
pub(crate) enum Unchanged {
    /// A foreign key, which SQLite does not name.
    ForeignKey(sqlx::Error),
    Failure(Failure),
}

/// What came of writing a row; where a foreign key refused it, which one.
pub(crate) async fn sound(
    connection: &mut SqliteConnection,
    table: &Table,
    row: &Record,
    outcome: Result<i64, Unchanged>,
) -> Result<i64, Failure> {
    match outcome {
        Err(Unchanged::ForeignKey(error)) => {
            let checks = table.dangling_checks(&table.row_of(row.as_ref())?);
            Err(told(connection, table, checks, false, error).await)
        }
        Err(Unchanged::Failure(failure)) => Err(failure),
        Ok(number) => Ok(number),
    }
}

/// What came of deleting a row; where a foreign key refused it, which one.
pub(crate) async fn spared(
    connection: &mut SqliteConnection,
    table: &Table,
    key: &Key,
    outcome: Result<i64, Unchanged>,
) -> Result<i64, Failure> {
    match outcome {
        Err(Unchanged::ForeignKey(error)) => {
            Err(told(connection, table, table.referring_checks(key), true, error).await)
        }
        Err(Unchanged::Failure(failure)) => Err(failure),
        Ok(number) => Ok(number),
    }
}

/// The error of a row that a foreign key refused: that of the first check which finds a row, or finds none, as is due.
async fn told(
    connection: &mut SqliteConnection,
    table: &Table,
    checks: Vec<(Error, Statement)>,
    due: bool,
    source: sqlx::Error,
) -> Failure {
    for (error, statement) in checks {
        let found = match query_once(statement) {
            Ok(query) => query.fetch_optional(&mut *connection).await,
            Err(error) => return error.into(),
        };
        match found {
            Ok(row) if row.is_some() == due => return error.with_source(source).into(),
            Ok(_) => {}
            Err(error) => return Failure::of_driver(error),
        }
    }
    table
        .violated(&Violation::default(), due)
        .with_source(source)
        .into()
}

/// Runs a statement and answers the number of the row that was inserted last.
pub(crate) async fn change(
    connection: &mut SqliteConnection,
    table: &Table,
    sql: &Arc<str>,
    values: Vec<SqlValue<'_>>,
) -> Result<i64, Unchanged> {
    let query =
        query(Cow::Borrowed(sql), values).map_err(|error| Unchanged::Failure(error.into()))?;
    executed(table, query.execute(connection).await)
}

/// The same for a statement whose text is made for one call.
pub(crate) async fn change_once(
    connection: &mut SqliteConnection,
    table: &Table,
    statement: Statement,
) -> Result<i64, Unchanged> {
    let query = query_once(statement).map_err(|error| Unchanged::Failure(error.into()))?;
    executed(table, query.execute(connection).await)
}

fn executed(
    table: &Table,
    outcome: Result<SqliteQueryResult, sqlx::Error>,
) -> Result<i64, Unchanged> {
    match outcome {
        Ok(done) => Ok(done.last_insert_rowid()),
        Err(error) if is_foreign_key(&error) => Err(Unchanged::ForeignKey(error)),
        Err(error) => Err(Unchanged::Failure(Failure::of_write(error, table))),
    }
}
