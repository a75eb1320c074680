//! Changing the schema of a server's database.
//!
//! An advisory lock, which the server gives to one connection at a time, keeps those apart that start together. It is tried
//! again and again and not waited for in a statement: PostgreSQL's CREATE INDEX CONCURRENTLY would wait for that.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use protoloop_core::{BoxFuture, Code, Error, Result};
use protoloop_migrate::{BoxSession, Session, Target};
use protoloop_sql::{Dialect, SqlRow as _, SqlValue, Statement};

use crate::{Driver, Failure, FaultKind, Link, ServerConnector, connector::Server, lease::Lease};

/// Between two tries to take the lock, at least; the other half is left to chance.
const PAUSE: Duration = Duration::from_millis(50);

impl<D: Driver> Target for ServerConnector<D> {
    fn dialect(&self) -> &'static dyn Dialect {
        self.driver().dialect()
    }

    fn open(&self, lock: Option<Duration>) -> BoxFuture<'_, Result<BoxSession<'_>>> {
        Box::pin(async move {
            let session = ServerSession::open(self.server(), lock).await?;
            Ok(Box::new(session) as BoxSession<'_>)
        })
    }

    fn pause(&self, tries: u32) -> BoxFuture<'_, ()> {
        let pause = LONGEST_REST.min(SHORTEST_REST * (1 << tries.min(10)));
        Box::pin(tokio::time::sleep(
            pause.mul_f64(0.5 + fastrand::f64() / 2.0),
        ))
    }
}

/// Between two tries of a migration that found a table in use: twice as long each time, but no longer than this.
const LONGEST_REST: Duration = Duration::from_secs(5);
/// See [`LONGEST_REST`].
const SHORTEST_REST: Duration = Duration::from_millis(200);

/// A connection while the schema is looked at or changed.
struct ServerSession<D: Driver> {
    /// `None` once it was closed.
    lease: Option<Lease<D>>,
    /// Whether it is of no use to others afterwards: it holds the lock and has settings of its own, or something failed.
    apart: bool,
    /// Whether a transaction was begun.
    inside: bool,
    /// Of one that has the lock: how long its steps wait for locks of others.
    patience: Option<Duration>,
    /// How long the server was told to wait for them, if it was.
    waits: Option<Option<Duration>>,
}

impl<D: Driver> ServerSession<D> {
    async fn open(server: &Arc<Server<D>>, lock: Option<Duration>) -> Result<Self> {
        let mut lease = server.primary.take().await?;
        loop {
            lease.working();
            let outcome = lease.ping().await.map_err(Failure::from);
            if !lease.replaced(&outcome).await {
                outcome.map_err(told)?;
                break;
            }
        }
        let mut session = Self {
            lease: Some(lease),
            apart: false,
            inside: false,
            patience: None,
            waits: None,
        };
        if let Some(wait) = lock {
            session.lock(server.primary.driver(), wait).await?;
            session.patience = Some(server.primary.lock_timeout());
        }
        Ok(session)
    }

    async fn lock(&mut self, driver: &Arc<D>, wait: Duration) -> Result<()> {
        self.apart = true;
        for setting in driver.before_changes() {
            self.raw(setting).await?;
        }
        let begun = Instant::now();
        loop {
            let had = driver.try_lock_tables(self.link()?).await;
            if had.map_err(told)? {
                return Ok(());
            }
            let waited = begun.elapsed();
            if waited >= wait {
                return Err(Error::new(
                    Code::Unavailable,
                    format!(
                        "another process is changing the tables of this database and was not done within {} s",
                        wait.as_secs()
                    ),
                ));
            }
            let pause = PAUSE + PAUSE.mul_f64(fastrand::f64());
            tokio::time::sleep(pause.min(wait.saturating_sub(waited))).await;
        }
    }

    fn link(&mut self) -> Result<&mut D::Link> {
        match &mut self.lease {
            Some(lease) => Ok(lease),
            None => Err(crate::fault::closed()),
        }
    }

    async fn raw(&mut self, sql: &str) -> Result<()> {
        let outcome = self.link()?.run(sql).await;
        self.seen(outcome.map_err(Failure::from))
    }

    fn seen<T>(&mut self, outcome: Result<T, Failure>) -> Result<T> {
        self.apart |= outcome.is_err();
        outcome.map_err(told)
    }

    /// Runs a step, which waits for locks of others no longer than it should: nobody gets at the table meanwhile.
    async fn step(&mut self, sql: &str, patience: Duration) -> Result<()> {
        let driver = Arc::clone(
            self.lease
                .as_ref()
                .ok_or_else(crate::fault::closed)?
                .driver(),
        );
        // What runs outside of transactions there builds beside the table, and closes it to nobody.
        let most = Some(patience).filter(|_| self.inside || !driver.failure_ends_transaction());
        if self.waits != Some(most) {
            self.raw(&driver.waiting_for_locks(most)).await?;
            self.waits = Some(most);
        }
        let outcome = self.link()?.run(sql).await;
        let met = matches!(&outcome, Err(fault) if fault.kind == FaultKind::Conflict);
        let outcome = self.seen(outcome.map_err(Failure::from));
        match met {
            true => outcome.map_err(|error| locked(&error, patience)),
            false => outcome,
        }
    }

    async fn begin_transaction(&mut self) -> Result<()> {
        self.inside = true;
        self.raw("BEGIN").await
    }

    async fn end(&mut self, how: &str) -> Result<()> {
        self.raw(how).await?;
        self.inside = false;
        Ok(())
    }

    async fn rows(&mut self, statement: Statement) -> Result<Vec<Vec<SqlValue<'static>>>> {
        let mut rows = Vec::new();
        let link = self.link()?;
        let outcome = link
            .query(statement.sql.into(), statement.values, |row| {
                let values = (0..row.width()).map(|at| Ok(plain(row.value(at)?.into_owned())));
                rows.push(values.collect::<Result<_>>()?);
                Ok(())
            })
            .await;
        self.seen(outcome)?;
        Ok(rows)
    }
}

impl<D: Driver> Session for ServerSession<D> {
    fn begin(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.begin_transaction())
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.end("COMMIT"))
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            match self.inside {
                true => self.end("ROLLBACK").await,
                false => Ok(()),
            }
        })
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<()>> {
        Box::pin(async move {
            match self.patience {
                Some(patience) => self.step(sql, patience).await,
                None => self.raw(sql).await,
            }
        })
    }

    fn run(&mut self, statement: Statement) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let link = self.link()?;
            let done = link.execute(statement.sql.into(), statement.values).await;
            self.seen(done.map(drop).map_err(Failure::from))
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
            let Some(mut lease) = self.lease.take() else {
                return;
            };
            if self.apart || self.inside {
                lease.close().await;
            } else {
                lease.done(&Ok::<_, Failure>(()));
            }
        })
    }
}

/// A value as those read it who look at schemas: some servers mark text as bytes, and small numbers as unsigned.
fn plain(value: SqlValue<'static>) -> SqlValue<'static> {
    match value {
        SqlValue::Json(text) => SqlValue::Text(text),
        SqlValue::Uint(number) => match i64::try_from(number) {
            Ok(number) => SqlValue::Int(number),
            Err(_) => SqlValue::Uint(number),
        },
        SqlValue::Blob(bytes) => match String::from_utf8(bytes.into_owned()) {
            Ok(text) => SqlValue::Text(text.into()),
            Err(error) => SqlValue::Blob(error.into_bytes().into()),
        },
        other => other,
    }
}

/// The error of one who changes the schema, and so may read what the server says.
fn told(failure: Failure) -> Error {
    let Failure::Database(fault) = failure else {
        return failure.into();
    };
    let text = fault.source.to_string();
    let code = match fault.kind {
        _ if fault.breaks() => return fault.into(),
        // Another transaction held what was needed; it can be tried again.
        FaultKind::Conflict => Code::Aborted,
        _ => Code::FailedPrecondition,
    };
    Error::new(code, text).with_source(fault.source)
}

/// The error of a step that met another transaction.
fn locked(error: &Error, patience: Duration) -> Error {
    let text = format!(
        "another transaction holds a lock that it needs (it waits {} ms for one, `lock_timeout_ms` in the URL): {}",
        patience.as_millis(),
        error.message()
    );
    Error::new(error.code(), text)
}
