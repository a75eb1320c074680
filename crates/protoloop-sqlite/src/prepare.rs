//! Making a database fit for its models.

use protoloop_core::{Error, Result};
use protoloop_sql::{Dialect as _, Live, LiveColumn, LiveIndex, SQLITE, Table, plan};
use sqlx::{Connection as _, Row as _, sqlite::SqliteConnection};

use crate::{arguments::run, error::of_driver};

/// Adds the tables, columns and indexes that are missing, all or none.
pub(crate) async fn prepare(connection: &mut SqliteConnection, tables: &[&Table]) -> Result<()> {
    // IMMEDIATE, so that of several processes that start at once one adds and the others find it done.
    let mut transaction = connection
        .begin_with("BEGIN IMMEDIATE")
        .await
        .map_err(of_driver)?;
    let plan = plan(tables, &live(&mut transaction).await.map_err(of_driver)?);
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

async fn live(connection: &mut SqliteConnection) -> Result<Live, sqlx::Error> {
    let mut live = Live::default();
    for row in sqlx::query(SQLITE.live_columns())
        .fetch_all(&mut *connection)
        .await?
    {
        let table = live.tables.entry(row.try_get(0)?).or_default();
        table.columns.push(LiveColumn {
            name: row.try_get(1)?,
            type_name: row.try_get(2)?,
            nullable: row.try_get(3)?,
            has_default: row.try_get(4)?,
            key: usize::try_from(row.try_get::<i64, _>(5)?).unwrap_or(0),
        });
    }
    for row in sqlx::query(SQLITE.live_indexes())
        .fetch_all(&mut *connection)
        .await?
    {
        let index = live.indexes.entry(row.try_get(0)?).or_insert(LiveIndex {
            table: row.try_get(1)?,
            columns: Vec::new(),
            unique: row.try_get(2)?,
            partial: row.try_get(3)?,
        });
        index.columns.push(row.try_get(4)?);
    }
    Ok(live)
}
