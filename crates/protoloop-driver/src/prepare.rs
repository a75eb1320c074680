//! Making a database fit for its models.

use protoloop_core::{Error, Result};
use protoloop_sql::{Live, LiveRows, SqlRow as _, SqlValue, Table, plan};

use crate::{Driver, Failure, Fault, Link};

/// Adds the tables, columns and indexes that are missing. Of several processes that start at once one adds and the others
/// find it done.
pub(crate) async fn prepare<D: Driver>(
    driver: &D,
    link: &mut D::Link,
    tables: &[&Table],
) -> Result<(), Failure> {
    let whole = driver.changes_tables_in_transactions();
    if whole {
        link.run("BEGIN").await?;
    }
    driver.lock_tables(link).await?;
    let outcome = add(driver, link, tables).await;
    driver.unlock_tables(link).await?;
    if whole {
        let end = match outcome {
            Ok(()) => "COMMIT",
            Err(_) => "ROLLBACK",
        };
        link.run(end).await?;
    }
    outcome
}

async fn add<D: Driver>(driver: &D, link: &mut D::Link, tables: &[&Table]) -> Result<(), Failure> {
    let plan = plan(tables, &live(driver, link).await?);
    if !plan.problems.is_empty() {
        return Err(Error::failed_precondition(format!(
            "the database does not fit the models; migrate it, or use another:\n{}",
            plan.problems.join("\n")
        ))
        .into());
    }
    for statement in &plan.statements {
        if let Err(fault) = link.run(statement).await {
            return Err(refused(fault, statement));
        }
        tracing::info!(statement, "changed the database");
    }
    Ok(())
}

fn refused(fault: Fault, statement: &str) -> Failure {
    if fault.breaks() {
        return fault.into();
    }
    Error::failed_precondition(format!(
        "the database cannot be made fit for the models: {}\nin: {statement}",
        fault.source
    ))
    .into()
}

/// Reads the schema of the database.
pub(crate) async fn live<D: Driver>(driver: &D, link: &mut D::Link) -> Result<Live, Failure> {
    let queries = driver.dialect().live_queries();
    Ok(Live::read(&LiveRows {
        columns: rows(link, queries.columns).await?,
        indexes: rows(link, queries.indexes).await?,
        foreign_keys: rows(link, queries.foreign_keys).await?,
        enums: rows(link, queries.enums).await?,
        ..LiveRows::default()
    })?)
}

async fn rows<L: Link>(link: &mut L, sql: &str) -> Result<Vec<Vec<SqlValue<'static>>>, Failure> {
    let mut rows = Vec::new();
    if sql.is_empty() {
        return Ok(rows);
    }
    link.query(sql.into(), Vec::new(), |row| {
        let values = (0..row.width()).map(|at| Ok(row.value(at)?.into_owned()));
        rows.push(values.collect::<Result<_>>()?);
        Ok(())
    })
    .await?;
    Ok(rows)
}
