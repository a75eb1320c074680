//! Statements of the application's own.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use protoloop_core::{Error, Result};
use protoloop_repository::{Executed, NativeRow, Value};
use protoloop_sql::{SqlRow as _, SqlValue, first_word};
use sqlx::{
    Column as _, Either, Executor as _, Row as _, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnection, SqliteRow},
};

use crate::{arguments, error::of_native, row::Row};

/// Whether a statement only reads, by its first word. One that does not say so at once may write.
pub(crate) fn reads(text: &str) -> bool {
    let word = first_word(text);
    ["SELECT", "VALUES", "EXPLAIN"]
        .iter()
        .any(|read| read.eq_ignore_ascii_case(word))
}

/// The statement with its values bound.
pub(crate) fn query(
    text: &str,
    values: Vec<SqlValue<'_>>,
) -> Result<Query<'static, Sqlite, SqliteArguments>> {
    arguments::query(std::borrow::Cow::Owned(Arc::from(text)), values)
}

/// Runs it, and reads its answer to the end.
pub(crate) async fn fetch(
    connection: &mut SqliteConnection,
    text: &str,
    query: Query<'static, Sqlite, SqliteArguments>,
) -> Result<Executed> {
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
