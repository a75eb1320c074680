//! Making a database fit for its models.

use protoloop_core::{Error, Result};
use protoloop_sql::{Dialect as _, Live, LiveRows, SQLITE, SqlRow as _, SqlValue, Table, plan};
use sqlx::{
    Connection as _, Row as _,
    sqlite::{SqliteConnection, SqliteRow},
};

use crate::{arguments::run, error::of_driver, row::Row};

/// Adds the tables, columns and indexes that are missing, all or none.
pub(crate) async fn prepare(connection: &mut SqliteConnection, tables: &[&Table]) -> Result<()> {
    // IMMEDIATE, so that of several processes that start at once one adds and the others find it done.
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(of_driver)?;
    let plan = plan(tables, &live(&mut transaction).await?);
    if !plan.problems.is_empty() {
        return Err(Error::failed_precondition(format!(
            "the database does not fit the models; migrate it, or use another:\n{}",
            plan.problems.join("\n")
        )));
    }
    for statement in &plan.statements {
        run(&mut transaction, statement).await.map_err(|error| {
            Error::failed_precondition(format!(
                "the database cannot be made fit for the models: {error}\nin: {statement}"
            ))
        })?;
        tracing::info!(statement, "changed the database");
    }
    transaction.commit().await.map_err(of_driver)
}

/// Reads the schema of the file.
async fn live(connection: &mut SqliteConnection) -> Result<Live> {
    let queries = SQLITE.live_queries();
    Live::read(&LiveRows {
        columns: rows(connection, queries.columns).await?,
        indexes: rows(connection, queries.indexes).await?,
        foreign_keys: rows(connection, queries.foreign_keys).await?,
        texts: rows(connection, queries.texts).await?,
        ..LiveRows::default()
    })
}

async fn rows(
    connection: &mut SqliteConnection,
    sql: &'static str,
) -> Result<Vec<Vec<SqlValue<'static>>>> {
    let rows = sqlx::query(sql).fetch_all(connection).await;
    let values = |row: &SqliteRow| {
        (0..row.len())
            .map(|at| Ok(Row(row).value(at)?.into_owned()))
            .collect()
    };
    rows.map_err(of_driver)?.iter().map(values).collect()
}
