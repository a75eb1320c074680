//! Transactions that span several calls.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex as Lock, PoisonError},
    time::Instant,
};

use protoloop_core::{BoxFuture, CallContext, Code, Error, Result};
use protoloop_repository::{
    Executed, Isolation, Record, Transaction, TransactionOptions, Write as Change, WriteError,
    transaction::{Ended, InTransaction, TransactionDriver, TransactionState},
    within,
};
use protoloop_sql::{self as sql, SqlValue, Table};
use sqlx::{Connection as _, sqlite::SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    arguments::{query_once, run},
    connection::Stop,
    error::{is_no_transaction, of_driver},
    failure::Failure,
    native,
    queue::write_error,
    readers::Reader,
    store::{Store, Write},
    transaction::{self, Answers},
};

/// Begins a transaction, or a savepoint in the one that the context carries.
///
/// One that writes has the writing connection to itself, so other writers of this process wait for it in line instead of
/// running into SQLite's lock. One that only reads has a reading connection, and holds nobody up.
pub(crate) async fn begin(
    store: &Arc<Store>,
    cx: &CallContext,
    options: &TransactionOptions,
    datasource: &Arc<str>,
) -> Result<Transaction> {
    if let Some(inside) = InTransaction::of(cx) {
        of(inside, store, datasource)?;
        return Transaction::nested(cx, options, inside).await;
    }
    let started = Instant::now();
    let mut patience = cx.clone();
    if let Some(ends) = started.checked_add(options.timeout) {
        patience.limit_deadline(ends);
    }
    let connection = within(&patience, Begun::new(store, options.read_only)).await?;
    let driver = SqliteTransaction {
        store: Arc::clone(store),
        state: TransactionState::default(),
        read_only: options.read_only,
        number: connection.stop().number(),
        stop: connection.stop().clone(),
        connection: Arc::new(Mutex::new(Some(connection))),
        dropped: Lock::default(),
    };
    let datasource = Arc::clone(datasource);
    let driver = Arc::new(driver);
    Ok(Transaction::begun(cx, options, started, datasource, driver))
}

/// The transaction of a context, as one of this store.
pub(crate) fn of<'a>(
    inside: &'a InTransaction,
    store: &Arc<Store>,
    datasource: &str,
) -> Result<&'a SqliteTransaction> {
    inside.driver(datasource, |driver: &SqliteTransaction| {
        Arc::ptr_eq(&driver.store, store)
    })
}

/// A transaction of several calls.
#[derive(Debug)]
pub(crate) struct SqliteTransaction {
    store: Arc<Store>,
    state: TransactionState,
    read_only: bool,
    stop: Stop,
    /// Its number in `stop`.
    number: u64,
    /// `None` when it has ended. One statement runs at a time.
    connection: Arc<Mutex<Option<Begun>>>,
    /// The outermost savepoint that was dropped and not rolled back yet.
    dropped: Lock<Option<u32>>,
}

/// A connection in a transaction. Dropped, it is rolled back before its next use.
#[derive(Debug)]
struct Begun(Option<Held>);

#[derive(Debug)]
enum Held {
    Writer(Write),
    Reader(Reader),
}

impl Held {
    fn stop(&self) -> &Stop {
        match self {
            Self::Writer(writer) => writer.stop(),
            Self::Reader(reader) => reader.stop(),
        }
    }
}

impl Begun {
    async fn new(store: &Store, read_only: bool) -> Result<Self> {
        let reader = match read_only {
            true => store.reader().await?,
            false => None,
        };
        let (held, begin) = match reader {
            Some(reader) => (Held::Reader(reader), "BEGIN"),
            // IMMEDIATE: what it reads first is what it changes later.
            None => (Held::Writer(store.write().await?), "BEGIN IMMEDIATE"),
        };
        let mut begun = Self(Some(held));
        run(&mut begun, begin).await.map_err(of_driver)?;
        Ok(begun)
    }

    fn stop(&self) -> &Stop {
        self.held().stop()
    }

    fn held(&self) -> &Held {
        self.0.as_ref().expect("taken only at the end")
    }

    async fn commit(mut self) -> Result<()> {
        if let Err(error) = run(&mut self, "COMMIT").await {
            let failure = of_driver(error);
            self.rollback().await;
            return Err(failure);
        }
        self.give_back();
        Ok(())
    }

    async fn rollback(mut self) {
        match run(&mut self, "ROLLBACK").await {
            // SQLite has rolled back by itself.
            Err(error) if is_no_transaction(&error) => self.give_back(),
            Err(error) => {
                tracing::warn!(%error, "a transaction is rolled back by closing its connection");
                match self.0.take() {
                    Some(Held::Writer(writer)) => writer.give_up(),
                    Some(Held::Reader(reader)) => reader.discard(),
                    None => {}
                }
            }
            Ok(()) => self.give_back(),
        }
    }

    /// Gives the connection back, on which nothing is open.
    fn give_back(&mut self) {
        self.stop().pass();
        if let Some(Held::Reader(mut reader)) = self.0.take() {
            reader.finish();
        }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(held) = &self.0 {
            held.stop().pass();
        }
        match self.0.take() {
            Some(Held::Writer(writer)) => writer.leave_open(),
            Some(Held::Reader(reader)) => reader.discard(),
            None => {}
        }
    }
}

impl Deref for Begun {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self.held() {
            Held::Writer(writer) => writer,
            Held::Reader(reader) => reader,
        }
    }
}

impl DerefMut for Begun {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self.0.as_mut().expect("taken only at the end") {
            Held::Writer(writer) => writer,
            Held::Reader(reader) => reader,
        }
    }
}

/// The connection of a transaction, for one statement. Dropped before [`Statement::finish`], it ends the transaction.
pub(crate) struct Statement<'a> {
    transaction: &'a SqliteTransaction,
    /// `Some` as long as this lives.
    connection: MutexGuard<'a, Option<Begun>>,
    finished: bool,
}

impl Statement<'_> {
    /// Says that the answer was read to its end.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Deref for Statement<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection.as_ref().expect("looked at when locked")
    }
}

impl DerefMut for Statement<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection.as_mut().expect("looked at when locked")
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.transaction.state.end(Ended::GivenUp);
            self.transaction.abandon();
        }
    }
}

impl SqliteTransaction {
    /// Waits for the statements before it.
    pub(crate) async fn statement(&self) -> Result<Statement<'_>> {
        self.state.check()?;
        let connection = self.connection.lock().await;
        self.state.check()?;
        if connection.is_none() {
            return Err(Error::internal_error("a transaction without a connection"));
        }
        let mut statement = Statement {
            transaction: self,
            connection,
            finished: false,
        };
        let dropped = self.dropped().take();
        if let Some(number) = dropped {
            let sql = rollback_to(number);
            run(&mut statement, &sql).await.map_err(of_driver)?;
        }
        Ok(statement)
    }

    /// Does the writes of one call, all or none.
    pub(crate) async fn write(
        &self,
        table: &Table,
        writes: Vec<Change<Record>>,
    ) -> Result<Answers, WriteError> {
        self.refuse_write()?;
        let mut statement = self.statement().await?;
        let outcome = transaction::within(&mut statement, table, writes).await;
        match &outcome {
            Err((_, Failure::Database { error, .. })) => {
                let why = error.message().to_owned();
                self.state.end(Ended::Failed(error.code(), why));
            }
            Ok(_) | Err((_, Failure::Refused(_))) => statement.finish(),
        }
        outcome.map_err(write_error)
    }

    /// Changes many rows of a table in one statement; answers how many.
    pub(crate) async fn change(&self, table: &Table, change: sql::Statement) -> Result<u64> {
        self.refuse_write()?;
        let change = query_once(change)?;
        let mut statement = self.statement().await?;
        let done = change.execute(&mut *statement).await;
        match done.map_err(|error| Failure::of_write(error, table)) {
            Ok(done) => {
                statement.finish();
                Ok(done.rows_affected())
            }
            Err(Failure::Refused(error)) => {
                statement.finish();
                Err(error)
            }
            Err(Failure::Database { error, .. }) => {
                let why = error.message().to_owned();
                self.state.end(Ended::Failed(error.code(), why));
                Err(error)
            }
        }
    }

    /// Runs a statement of the application's own; one that fails undoes itself only.
    pub(crate) async fn execute(&self, text: &str, values: Vec<SqlValue<'_>>) -> Result<Executed> {
        if !native::reads(text) {
            self.refuse_write()?;
        }
        let mut statement = self.statement().await?;
        run(&mut statement, "SAVEPOINT native")
            .await
            .map_err(of_driver)?;
        let outcome = native::fetch(&mut statement, text, values).await;
        let end = match &outcome {
            Ok(_) => "RELEASE native",
            Err(_) => "ROLLBACK TO native; RELEASE native",
        };
        if let Err(error) = run(&mut statement, end).await {
            let why = "a statement of the application's own ended it";
            self.state
                .end(Ended::Failed(Code::InvalidArgument, why.to_owned()));
            return Err(outcome.err().unwrap_or_else(|| {
                Error::invalid_argument("a native statement cannot begin or end a transaction")
                    .with_source(error)
            }));
        }
        statement.finish();
        outcome
    }

    fn refuse_write(&self) -> Result<()> {
        match self.read_only {
            true => Err(Error::failed_precondition("the transaction only reads")),
            false => Ok(()),
        }
    }

    fn dropped(&self) -> std::sync::MutexGuard<'_, Option<u32>> {
        self.dropped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, sql: &str) -> Result<()> {
        let mut statement = self.statement().await?;
        run(&mut statement, sql).await.map_err(of_driver)?;
        statement.finish();
        Ok(())
    }

    /// Takes the connection, behind the statement that uses it.
    async fn take(connection: &Mutex<Option<Begun>>) -> Option<Begun> {
        let mut begun = connection.lock().await.take()?;
        // Behind what was stopped.
        let pinged = begun.ping().await;
        begun.stop().pass();
        pinged.ok().map(|()| begun)
    }
}

fn name(savepoint: u32) -> String {
    format!("protoloop_{savepoint}")
}

fn rollback_to(savepoint: u32) -> String {
    let name = name(savepoint);
    format!("ROLLBACK TO {name}; RELEASE {name}")
}

impl TransactionDriver for SqliteTransaction {
    fn state(&self) -> &TransactionState {
        &self.state
    }

    fn isolation(&self) -> Isolation {
        Isolation::Serializable
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn savepoint(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.run(&format!("SAVEPOINT {}", name(number))).await })
    }

    fn release(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.run(&format!("RELEASE {}", name(number))).await })
    }

    fn rollback_to(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move { self.run(&rollback_to(number)).await })
    }

    fn abandon_to(&self, number: u32) {
        let mut dropped = self.dropped();
        *dropped = Some(dropped.map_or(number, |other| other.min(number)));
    }

    fn commit(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            // Rolls back to a savepoint that was dropped.
            self.statement().await?.finish();
            match self.connection.lock().await.take() {
                Some(begun) => begun.commit().await,
                None => self.state.check(),
            }
        })
    }

    fn rollback(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            if let Some(begun) = Self::take(&self.connection).await {
                begun.rollback().await;
            }
            Ok(())
        })
    }

    fn abandon(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // Dropped, it is rolled back before its next use; where a statement runs, with its end.
            if let Ok(mut connection) = self.connection.try_lock() {
                connection.take();
            }
            return;
        };
        let connection = Arc::clone(&self.connection);
        if let Ok(connection) = connection.try_lock()
            && connection.is_none()
        {
            return;
        }
        self.stop.stop(self.number);
        runtime.spawn(async move {
            if let Some(begun) = Self::take(&connection).await {
                begun.rollback().await;
            }
        });
    }
}
