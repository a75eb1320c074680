//! Changing the schema of a file.
//!
//! `BEGIN IMMEDIATE` is the lock: of several processes that start at once one changes the file and the others find it
//! done.

use std::time::{Duration, Instant};

use protoloop_core::{BoxFuture, Code, Error, Result};
use protoloop_migrate::{BoxSession, Session, Target};
use protoloop_sql::{Dialect, SQLITE, SqlRow as _, SqlValue, Statement};
use sqlx::{Row as _, sqlite::SqliteRow};

use crate::{
    SqliteConnector,
    arguments::{query_once, run},
    error::{closed, is_busy, of_driver},
    row::Row,
    store::Write,
};

/// Between two looks whether another process is done, beside the busy timeout of each.
const PAUSE: Duration = Duration::from_millis(20);

impl Target for SqliteConnector {
    fn dialect(&self) -> &'static dyn Dialect {
        &SQLITE
    }

    fn open(&self, lock: Option<Duration>) -> BoxFuture<'_, Result<BoxSession<'_>>> {
        Box::pin(async move {
            Ok(Box::new(SqliteSession {
                connection: Some(self.store().write().await?),
                wait: lock.unwrap_or_default(),
                changed: false,
                rebuilt: false,
            }) as BoxSession<'_>)
        })
    }
}

/// The connection to write with, while the schema is looked at or changed.
struct SqliteSession {
    /// `None` once it was closed.
    connection: Option<Write>,
    /// How long other processes are waited for.
    wait: Duration,
    /// Whether its settings or its transaction are not those that others expect.
    changed: bool,
    /// Whether a table was made anew, so that references have to be looked at.
    rebuilt: bool,
}

impl SqliteSession {
    fn connection(&mut self) -> Result<&mut Write> {
        self.connection.as_mut().ok_or_else(closed)
    }

    async fn raw(&mut self, sql: &str) -> Result<()> {
        let connection = self.connection()?;
        run(connection, sql).await.map_err(told)
    }

    async fn begin_when_free(&mut self) -> Result<()> {
        // Has no effect within a transaction. A table that is made anew is dropped in between, which must not drop the
        // rows that refer to it.
        self.changed = true;
        self.rebuilt = false;
        self.raw("PRAGMA foreign_keys = OFF").await?;
        let begun = Instant::now();
        loop {
            match self.raw("BEGIN IMMEDIATE").await {
                Err(error) if is_busy(&error) && begun.elapsed() < self.wait => {
                    tokio::time::sleep(PAUSE).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn check_references(&mut self) -> Result<()> {
        let check = Statement {
            sql: "PRAGMA foreign_key_check".to_owned(),
            values: Vec::new(),
        };
        let dangling = self.rows(check).await?;
        match dangling.first() {
            None => Ok(()),
            Some(row) => Err(Error::failed_precondition(format!(
                "{} rows would refer to rows that are not there; the first: {row:?}",
                dangling.len()
            ))),
        }
    }

    async fn end(&mut self, how: &str) -> Result<()> {
        self.raw(how).await?;
        self.raw("PRAGMA legacy_alter_table = OFF; PRAGMA foreign_keys = ON")
            .await?;
        self.changed = false;
        Ok(())
    }

    async fn rows(&mut self, statement: Statement) -> Result<Vec<Vec<SqlValue<'static>>>> {
        let query = query_once(statement)?;
        let rows = query.fetch_all(&mut **self.connection()?).await;
        let values = |row: &SqliteRow| {
            (0..row.len())
                .map(|at| Ok(Row(row).value(at)?.into_owned()))
                .collect()
        };
        rows.map_err(told)?.iter().map(values).collect()
    }
}

impl Session for SqliteSession {
    fn begin(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.begin_when_free())
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            if self.rebuilt {
                self.check_references().await?;
            }
            self.end("COMMIT").await
        })
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            if self.changed {
                // SQLite has rolled back by itself after some errors, and none may have begun.
                let _ = self.raw("ROLLBACK").await;
                self.end("SELECT 1").await?;
            }
            Ok(())
        })
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<()>> {
        self.rebuilt |= sql.contains("legacy_alter_table");
        Box::pin(self.raw(sql))
    }

    fn run(&mut self, statement: Statement) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let query = query_once(statement)?;
            let done = query.execute(&mut **self.connection()?).await;
            done.map(|_| ()).map_err(told)
        })
    }

    fn query(
        &mut self,
        statement: Statement,
    ) -> BoxFuture<'_, Result<Vec<Vec<SqlValue<'static>>>>> {
        Box::pin(self.rows(statement))
    }

    fn close<'c>(mut self: Box<Self>) -> BoxFuture<'c, ()>
    where
        Self: 'c,
    {
        Box::pin(async move {
            if !self.changed {
                self.connection = None;
            }
        })
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        // In the middle of something: another connection is opened for the next write.
        if self.changed
            && let Some(connection) = self.connection.take()
        {
            connection.abandon();
        }
    }
}

/// The error of one who changes the schema, and so may read what SQLite says.
fn told(error: sqlx::Error) -> Error {
    let text = error.to_string();
    let error = of_driver(error);
    match error.code() {
        Code::Unavailable | Code::DataLoss => error,
        _ => Error::failed_precondition(text).with_source(error),
    }
}
