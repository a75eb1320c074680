//! Values as arguments of a statement. This is the one place that hands text to the driver.

use std::{borrow::Cow, sync::Arc};

use protoloop_core::{Error, Result};
use protoloop_sql::{SqlValue, Statement};
use sqlx::{
    AssertSqlSafe, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnection},
};

/// A statement ready to run. `sql` comes from `protoloop-sql`, which writes names quoted and values as placeholders.
pub(crate) fn query(
    sql: Cow<'_, Arc<str>>,
    values: Vec<SqlValue<'_>>,
) -> Result<Query<'static, Sqlite, SqliteArguments>> {
    let sql = AssertSqlSafe(sql.into_owned());
    Ok(sqlx::query_with(sql, arguments(values)?))
}

/// The same for a statement made for one call.
pub(crate) fn query_once(statement: Statement) -> Result<Query<'static, Sqlite, SqliteArguments>> {
    let sql = AssertSqlSafe(statement.sql);
    Ok(sqlx::query_with(sql, arguments(statement.values)?))
}

/// Runs statements without arguments, such as those of a plan.
pub(crate) async fn run(connection: &mut SqliteConnection, sql: &str) -> Result<(), sqlx::Error> {
    use sqlx::Executor as _;
    connection.execute(AssertSqlSafe(sql)).await.map(|_| ())
}

fn arguments(values: Vec<SqlValue<'_>>) -> Result<SqliteArguments> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        match value {
            SqlValue::Null => arguments.add(Option::<i64>::None),
            SqlValue::Bool(value) => arguments.add(value),
            SqlValue::Int(value) => arguments.add(value),
            // SQLite's dialect makes neither of these two.
            SqlValue::Uint(value) => arguments.add(i64::try_from(value).unwrap_or(i64::MAX)),
            SqlValue::Json(text) => arguments.add(text.into_owned()),
            SqlValue::Real(value) => arguments.add(value),
            SqlValue::Text(text) => arguments.add(text.into_owned()),
            SqlValue::Blob(bytes) => arguments.add(bytes.into_owned()),
        }
        .map_err(|error| Error::internal_error("a value cannot be bound").with_source(error))?;
    }
    Ok(arguments)
}
