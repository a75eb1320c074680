//! Transactions over a connection of their own.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use protoloop_core::{BoxFuture, CallContext, Error, Result};
use protoloop_repository::{
    Executed, Isolation, Record, Transaction, TransactionOptions, Write, WriteError,
    transaction::{Ended, InTransaction, TransactionDriver, TransactionState},
    within,
};
use protoloop_sql::Table;
use tokio::sync::MutexGuard;

use crate::{
    Driver, Failure, FaultKind, Link as _, SharedSql, Values,
    connector::Server,
    lease::Lease,
    native,
    repository::run_all,
    write::{self, Answers, Failed},
};

/// Begins a transaction, or a savepoint in the one that the context carries.
pub(crate) async fn begin<D: Driver>(
    server: &Arc<Server<D>>,
    cx: &CallContext,
    options: &TransactionOptions,
    datasource: Arc<str>,
) -> Result<Transaction> {
    if let Some(inside) = InTransaction::of(cx) {
        inside.driver(&datasource, |found: &ServerTransaction<D>| {
            found.is_of(server)
        })?;
        return Transaction::nested(cx, options, inside).await;
    }
    let started = Instant::now();
    let mut patience = cx.clone();
    if let Some(ends) = started.checked_add(options.timeout) {
        patience.limit_deadline(ends);
    }
    let lease = within(&patience, open(server, options)).await?;
    let transaction = ServerTransaction {
        server: Arc::clone(server),
        state: TransactionState::default(),
        isolation: options.isolation,
        read_only: options.read_only,
        number: lease.number(),
        lease: tokio::sync::Mutex::new(Some(lease)),
        abandoned: Mutex::default(),
    };
    let driver = Arc::new(transaction);
    Ok(Transaction::begun(cx, options, started, datasource, driver))
}

async fn open<D: Driver>(server: &Server<D>, options: &TransactionOptions) -> Result<Lease<D>> {
    let mut lease = server.primary.take().await?;
    let driver = server.primary.driver();
    let statements = driver.begin(options.isolation, options.read_only);
    lease.working();
    let mut begun = run_all(&mut *lease, statements).await;
    if lease.replaced(&begun).await {
        begun = run_all(&mut *lease, statements).await;
    }
    lease.done(&begun);
    begun?;
    // Until it has ended nobody else may have the connection.
    lease.working();
    Ok(lease)
}

/// A transaction of a server.
pub(crate) struct ServerTransaction<D: Driver> {
    server: Arc<Server<D>>,
    state: TransactionState,
    isolation: Isolation,
    read_only: bool,
    /// Of its connection.
    number: u64,
    /// `None` when it has ended. Held while a statement runs.
    lease: tokio::sync::Mutex<Option<Lease<D>>>,
    /// A savepoint to which the next statement goes back first.
    abandoned: Mutex<Option<u32>>,
}

/// A transaction in which a statement runs. Dropped before its answer, it takes the transaction with it.
pub(crate) struct Entered<'a, D: Driver> {
    transaction: &'a ServerTransaction<D>,
    lease: MutexGuard<'a, Option<Lease<D>>>,
    left: bool,
}

impl<D: Driver> ServerTransaction<D> {
    pub(crate) fn is_of(&self, server: &Arc<Server<D>>) -> bool {
        Arc::ptr_eq(&self.server, server)
    }

    /// Waits for the statement before, and goes back to a savepoint that was abandoned meanwhile.
    pub(crate) async fn enter(&self) -> Result<Entered<'_, D>> {
        self.state.check()?;
        let lease = self.lease.lock().await;
        self.state.check()?;
        if lease.is_none() {
            return Err(Error::internal_error("a transaction without a connection"));
        }
        let mut entered = Entered {
            transaction: self,
            lease,
            left: false,
        };
        let abandoned = self.abandoned().take();
        if let Some(number) = abandoned {
            let back = run_all(&mut **entered.lease(), &[&rollback_to(number)]).await;
            if back.is_err() {
                entered.leave(back).await?;
                return Err(Error::internal_error("a savepoint that failed to fail"));
            }
        }
        Ok(entered)
    }

    fn abandoned(&self) -> std::sync::MutexGuard<'_, Option<u32>> {
        self.abandoned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does the writes of one call, all or none.
    pub(crate) async fn write(
        &self,
        table: &Table,
        writes: &[Write<Record>],
    ) -> Result<Answers, WriteError> {
        self.refuse_write()?;
        let mut entered = self.enter().await?;
        let (mut attempt, mut apart) = (1, false);
        let outcome = loop {
            match self.attempt(&mut entered, table, writes, apart).await {
                Err(failed) if failed.apart && !apart && !self.ends(&failed.failure) => {
                    apart = true;
                }
                Err(failed) if attempt < failed.overtaken => attempt += 1,
                outcome => break outcome,
            }
        };
        match outcome {
            Ok(answers) => {
                entered.leave(Ok(())).await?;
                Ok(answers)
            }
            Err(Failed { index, failure, .. }) => {
                let ends = self.ends(&failure);
                let error = WriteError {
                    index,
                    error: failure.of_table(table),
                };
                entered.leave_after(ends.then_some(&error.error));
                match self.state.check() {
                    // What ended it says more than the statement that met it.
                    Err(ended) if !ends => Err(ended.into()),
                    _ => Err(error),
                }
            }
        }
    }

    async fn attempt(
        &self,
        entered: &mut Entered<'_, D>,
        table: &Table,
        writes: &[Write<Record>],
        apart: bool,
    ) -> Result<Answers, Failed> {
        let link = &mut **entered.lease();
        let by_itself = matches!(writes, [_])
            && !table.rewords()
            && !self.server.primary.driver().failure_ends_transaction();
        if by_itself {
            // One write changes with its last statement, which leaves nothing behind when it fails.
            return write::each(link, table, writes, true).await;
        }
        link.run("SAVEPOINT a_call").await?;
        match write::each(link, table, writes, apart).await {
            Ok(answers) => {
                link.run("RELEASE SAVEPOINT a_call").await?;
                Ok(answers)
            }
            Err(failed) if self.ends(&failed.failure) => Err(failed),
            Err(failed) => {
                link.run("ROLLBACK TO SAVEPOINT a_call").await?;
                Err(failed)
            }
        }
    }

    /// Changes many rows of a table in one statement.
    pub(crate) async fn change(
        &self,
        table: &Table,
        sql: SharedSql,
        values: Values<'_>,
        deleting: bool,
    ) -> Result<u64> {
        self.refuse_write()?;
        let mut entered = self.enter().await?;
        let work =
            async |link: &mut D::Link| write::execute(link, table, (sql, values), deleting).await;
        let outcome = self.undoing(entered.lease(), work).await;
        let outcome = outcome.map_err(|failure| self.by_table(failure, table));
        Ok(entered.leave_undone(outcome)?.rows)
    }

    /// Runs a statement of the application's own.
    pub(crate) async fn execute(&self, sql: SharedSql, values: Values<'_>) -> Result<Executed> {
        if !native::reads(&sql) {
            self.refuse_write()?;
        }
        let mut entered = self.enter().await?;
        let work = async |link: &mut D::Link| native::run(link, sql, values).await;
        let outcome = self.undoing(entered.lease(), work).await;
        entered.leave_undone(outcome)
    }

    /// Runs a statement that undoes itself when it fails, so that the transaction goes on.
    async fn undoing<T>(
        &self,
        lease: &mut Lease<D>,
        work: impl AsyncFnOnce(&mut D::Link) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let by_itself = !self.server.primary.driver().failure_ends_transaction();
        if by_itself {
            return work(lease).await;
        }
        lease.run("SAVEPOINT a_call").await?;
        match work(lease).await {
            Ok(done) => {
                lease.run("RELEASE SAVEPOINT a_call").await?;
                Ok(done)
            }
            Err(failure) if self.ends(&failure) => Err(failure),
            Err(failure) => {
                lease.run("ROLLBACK TO SAVEPOINT a_call").await?;
                Err(failure)
            }
        }
    }

    /// A refusal told by the fields of a table; what ends the transaction stays what it is.
    fn by_table(&self, failure: Failure, table: &Table) -> Failure {
        match self.ends(&failure) {
            true => failure,
            false => failure.of_table(table).into(),
        }
    }

    fn refuse_write(&self) -> Result<()> {
        match self.read_only {
            true => Err(Error::failed_precondition("the transaction only reads")),
            false => Ok(()),
        }
    }

    /// Whether nothing of the transaction is left after a failure.
    fn ends(&self, failure: &Failure) -> bool {
        failure.breaks() || failure.is(&FaultKind::Conflict)
    }

    /// Rolls back, in a task of its own where there is a runtime.
    fn clear(mut lease: Lease<D>) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        runtime.spawn(async move {
            lease.working();
            let outcome = lease.run("ROLLBACK").await.map_err(Failure::from);
            lease.done(&outcome);
        });
    }

    async fn statement(&self, sql: String) -> Result<()> {
        let mut entered = self.enter().await?;
        let outcome = run_all(&mut **entered.lease(), &[&sql]).await;
        entered.leave(outcome).await
    }
}

impl<'a, D: Driver> Entered<'a, D> {
    pub(crate) fn lease(&mut self) -> &mut Lease<D> {
        self.lease.as_mut().expect("looked at when it was entered")
    }

    /// Says how a statement went, outside of a savepoint: where that ends the transaction, it is rolled back.
    pub(crate) async fn leave<T>(mut self, outcome: Result<T, Failure>) -> Result<T> {
        let transaction = self.transaction;
        match outcome {
            Ok(value) => {
                self.leave_after(None);
                Ok(value)
            }
            Err(failure) => {
                let of_database = matches!(failure, Failure::Database(_));
                let ends = transaction.ends(&failure)
                    || (of_database
                        && transaction
                            .server
                            .primary
                            .driver()
                            .failure_ends_transaction());
                let broken = failure.breaks();
                let error = Error::from(failure);
                if broken && let Some(lease) = self.lease.as_mut() {
                    lease.discard();
                }
                let ended = transaction.state.check();
                self.leave_after(ends.then_some(&error));
                ended?;
                Err(error)
            }
        }
    }

    /// Says how a statement went that undid itself when it failed.
    fn leave_undone<T>(mut self, outcome: Result<T, Failure>) -> Result<T> {
        let transaction = self.transaction;
        let failure = match outcome {
            Ok(value) => {
                self.leave_after(None);
                return Ok(value);
            }
            Err(failure) => failure,
        };
        let ends = transaction.ends(&failure);
        if failure.breaks()
            && let Some(lease) = self.lease.as_mut()
        {
            lease.discard();
        }
        let error = Error::from(failure);
        let ended = transaction.state.check();
        self.leave_after(ends.then_some(&error));
        ended?;
        Err(error)
    }

    /// Leaves the transaction, which an error may have ended.
    fn leave_after(mut self, ended_by: Option<&Error>) {
        self.left = true;
        let state = &self.transaction.state;
        if let Some(error) = ended_by {
            state.end(Ended::Failed(error.code(), error.message().to_owned()));
        }
        if !state.is_active()
            && let Some(lease) = self.lease.take()
        {
            ServerTransaction::clear(lease);
        }
    }
}

impl<D: Driver> Drop for Entered<'_, D> {
    fn drop(&mut self) {
        if !self.left {
            self.transaction.state.end(Ended::GivenUp);
            // The server stops the statement; with its connection goes the transaction.
            self.lease.take();
        }
    }
}

fn name(number: u32) -> String {
    format!("s{number}")
}

fn rollback_to(number: u32) -> String {
    format!("ROLLBACK TO SAVEPOINT {}", name(number))
}

impl<D: Driver> TransactionDriver for ServerTransaction<D> {
    fn state(&self) -> &TransactionState {
        &self.state
    }

    fn isolation(&self) -> Isolation {
        self.isolation
    }

    fn is_read_only(&self) -> bool {
        self.read_only
    }

    fn savepoint(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.statement(format!("SAVEPOINT {}", name(number))))
    }

    fn release(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.statement(format!("RELEASE SAVEPOINT {}", name(number))))
    }

    fn rollback_to(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.statement(rollback_to(number)))
    }

    fn abandon_to(&self, number: u32) {
        let mut abandoned = self.abandoned();
        *abandoned = Some(abandoned.map_or(number, |other| other.min(number)));
    }

    fn commit(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut entered = self.enter().await?;
            let lease = entered.lease();
            let outcome = lease.run("COMMIT").await.map_err(Failure::from);
            lease.done(&outcome);
            entered.left = true;
            entered.lease.take();
            Ok(outcome?)
        })
    }

    fn rollback(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Some(mut lease) = self.lease.lock().await.take() else {
                return Ok(());
            };
            let outcome = lease.run("ROLLBACK").await.map_err(Failure::from);
            lease.done(&outcome);
            Ok(outcome?)
        })
    }

    fn abandon(&self) {
        if let Ok(mut lease) = self.lease.try_lock() {
            if let Some(lease) = lease.take() {
                Self::clear(lease);
            }
            return;
        }
        // A statement runs: stopped, it finds that the transaction has ended.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let (driver, number) = (Arc::clone(self.server.primary.driver()), self.number);
        runtime.spawn(async move {
            if let Err(fault) = driver.cancel(number).await {
                tracing::debug!(error = %fault.source, "a statement was not stopped");
            }
        });
    }
}

impl<D: Driver> fmt::Debug for ServerTransaction<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTransaction")
            .field("state", &self.state)
            .field("isolation", &self.isolation)
            .field("read_only", &self.read_only)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
