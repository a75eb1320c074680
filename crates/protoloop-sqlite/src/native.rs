//! Statements of the application's own.

use std::{borrow::Cow, sync::Arc};

use futures_util::TryStreamExt as _;
use protoloop_core::{Error, Result};
use protoloop_repository::{Executed, NativeRow, Value};
use protoloop_sql::{SqlRow as _, SqlValue, first_word};
use sqlx::{
    AssertSqlSafe, Column as _, Either, Executor as _, Row as _, SqlSafeStr as _, Statement as _,
    sqlite::{SqliteConnection, SqliteRow},
};

use crate::{arguments, error::of_native, row::Row};

/// Whether a statement only reads, by its first word. One that does not say so at once may write.
pub(crate) fn reads(text: &str) -> bool {
    let word = first_word(text);
    ["SELECT", "VALUES", "EXPLAIN"]
        .iter()
        .any(|read| read.eq_ignore_ascii_case(word))
}

/// Runs it with its values bound, and reads its answer to the end.
pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    text: &str,
    values: Vec<SqlValue<'_>>,
) -> Result<Executed> {
    let shared: Arc<str> = Arc::from(text);
    check_places(connection, &shared, values.len()).await?;
    let query = arguments::query(Cow::Owned(shared), values)?;
    let mut executed = Executed::default();
    let mut columns: Option<Arc<[Arc<str>]>> = None;
    let mut answer = connection.fetch_many(query);
    while let Some(part) = answer.try_next().await.map_err(of_native)? {
        match part {
            Either::Left(done) => executed.affected += done.rows_affected(),
            Either::Right(row) => {
                let columns = columns.get_or_insert_with(|| names(&row));
                let values = (0..columns.len()).map(|index| value(&row, index));
                let values = values.collect::<Result<Vec<_>>>()?;
                executed
                    .rows
                    .push(NativeRow::new(Arc::clone(columns), values));
            }
        }
    }
    if reads(text) {
        // SQLite tells of the last statement that changed something.
        executed.affected = 0;
    }
    Ok(executed)
}

/// Refuses another number of values than the statement takes: SQLite takes NULL for those that are missing. Several statements in
/// one text are not looked at, since what is behind may need what stands before.
async fn check_places(
    connection: &mut SqliteConnection,
    text: &Arc<str>,
    given: usize,
) -> Result<()> {
    if text.trim_end().trim_end_matches(';').contains(';') {
        return Ok(());
    }
    let text = AssertSqlSafe(Arc::clone(text)).into_sql_str();
    let prepared = connection.prepare(text).await.map_err(of_native)?;
    let places = prepared.parameters().map_or(given, |places| match places {
        Either::Left(types) => types.len(),
        Either::Right(number) => number,
    });
    match places == given {
        true => Ok(()),
        false => Err(Error::invalid_argument(format!(
            "the statement takes {places} values, and {given} are given"
        ))),
    }
}

fn names(row: &SqliteRow) -> Arc<[Arc<str>]> {
    let columns = row.columns().iter();
    columns.map(|column| Arc::from(column.name())).collect()
}

fn value(row: &SqliteRow, index: usize) -> Result<Value> {
    Ok(match Row(row).value(index)? {
        SqlValue::Null => Value::Null,
        SqlValue::Int(value) => Value::I64(value),
        SqlValue::Real(value) => Value::F64(value),
        SqlValue::Text(text) => Value::String(text.into_owned()),
        SqlValue::Blob(bytes) => Value::Bytes(bytes.into_owned()),
        SqlValue::Bool(value) => Value::Bool(value),
        #[allow(unreachable_patterns, reason = "other databases know more classes")]
        other => {
            let what = format!("SQLite gave {other:?}");
            return Err(Error::internal_error(what));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::reads;

    #[test]
    fn the_first_word_tells_whether_a_statement_reads() {
        for text in [
            "SELECT 1",
            "  select(1)",
            "-- why\n/* and how */ VALUES (1)",
            "explain SELECT 1",
        ] {
            assert!(reads(text), "{text}");
        }
        for text in [
            "",
            "SELECTED",
            "INSERT INTO t VALUES (1)",
            "WITH a AS (SELECT 1) DELETE FROM t",
            "-- SELECT",
            "/* SELECT",
            "é",
        ] {
            assert!(!reads(text), "{text}");
        }
    }
}
