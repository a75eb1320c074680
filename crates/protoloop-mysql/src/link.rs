//! A connection to MySQL or MariaDB.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use protoloop_driver::{Done, Failure, Fault, FaultKind, Link, SharedSql, Values};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, mysql::MySqlConnection,
};

use crate::{arguments::arguments, error::fault, row::Row};

/// A connection and the number by which the server knows it.
#[derive(Debug)]
pub struct MysqlLink {
    connection: MySqlConnection,
    number: u64,
}

impl MysqlLink {
    pub(crate) fn new(connection: MySqlConnection, number: u64) -> Self {
        Self { connection, number }
    }

    /// After a change of tables the prepared statements are made anew.
    async fn forget(&mut self, fault: &Fault) {
        if fault.kind == FaultKind::Stale {
            // A connection that cannot do so fails at its next statement.
            let _ = self.connection.clear_cached_statements().await;
        }
    }
}

impl Link for MysqlLink {
    type Row = Row;

    fn names(row: &Row) -> Arc<[Arc<str>]> {
        let columns = row.0.columns().iter();
        columns.map(|column| Arc::from(column.name())).collect()
    }

    fn number(&self) -> u64 {
        self.number
    }

    async fn query<'a>(
        &'a mut self,
        sql: SharedSql,
        values: Values<'a>,
        mut each: impl FnMut(&Row) -> Result<(), Failure> + Send + 'a,
    ) -> Result<Done, Failure> {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(&values)?);
        let outcome = async {
            let mut done = Done::default();
            let mut answer = self.connection.fetch_many(query);
            while let Some(part) = answer.try_next().await.map_err(fault)? {
                match part {
                    Either::Left(end) => done.rows += end.rows_affected(),
                    Either::Right(row) => each(&Row(row))?,
                }
            }
            Ok(done)
        };
        let outcome = outcome.await;
        if let Err(Failure::Database(fault)) = &outcome {
            self.forget(fault).await;
        }
        outcome
    }

    async fn execute<'a>(&'a mut self, sql: SharedSql, values: Values<'a>) -> Result<Done, Fault> {
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments(&values)?);
        match query.execute(&mut self.connection).await.map_err(fault) {
            Ok(done) => Ok(Done {
                rows: done.rows_affected(),
                counted: Some(done.last_insert_id()),
            }),
            Err(fault) => {
                self.forget(&fault).await;
                Err(fault)
            }
        }
    }

    async fn places(&mut self, sql: SharedSql) -> Result<Option<usize>, Fault> {
        let prepared = self.connection.prepare(AssertSqlSafe(sql).into_sql_str());
        let prepared = prepared.await.map_err(fault)?;
        Ok(prepared.parameters().map(|places| match places {
            Either::Left(types) => types.len(),
            Either::Right(number) => number,
        }))
    }

    async fn run<'a>(&'a mut self, sql: &'a str) -> Result<(), Fault> {
        let done = self.connection.execute(AssertSqlSafe(sql)).await;
        done.map(drop).map_err(fault)
    }

    async fn ping(&mut self) -> Result<(), Fault> {
        self.run("SELECT 1").await
    }

    async fn close(self) {
        // A server that is gone needs no goodbye.
        let _ = self.connection.close().await;
    }
}
