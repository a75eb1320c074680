//! The user's side of a transaction.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use protoloop_core::{
    BoxFuture, CallContext, Error, Result,
    observe::{Operation, WatchesOperations},
};
use tokio::task::AbortHandle;

use super::{Ended, InTransaction, TransactionDriver, TransactionOptions, TransactionState};

/// Most savepoints that may be open at once in one transaction.
const MAX_SAVEPOINTS: usize = 64;

/// A transaction that was begun, or a savepoint in one. Dropped without [`Transaction::commit`], it is rolled back.
///
/// Everything called with [`Transaction::cx`], or a clone of it, works inside. A call that is refused (a taken unique
/// value, a check that fails) undoes itself only, and the transaction goes on; a call that is dropped before its answer
/// takes the transaction with it.
pub struct Transaction {
    cx: CallContext,
    inside: InTransaction,
    /// `None` for the transaction itself.
    savepoint: Option<u32>,
    /// Whether dropping it must roll back.
    open: bool,
    watch: Option<AbortHandle>,
    /// Who is told how it ends.
    told: Option<Arc<dyn WatchesOperations>>,
}

/// The open savepoints of a transaction, outermost first.
#[derive(Debug, Default)]
pub(super) struct Savepoints(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    numbers: Vec<u32>,
    last: u32,
}

impl Savepoints {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self) -> Result<u32> {
        let mut open = self.open();
        if open.numbers.len() >= MAX_SAVEPOINTS {
            return Err(Error::failed_precondition(format!(
                "a transaction has at most {MAX_SAVEPOINTS} savepoints open at once"
            )));
        }
        open.last += 1;
        let number = open.last;
        open.numbers.push(number);
        Ok(number)
    }

    /// Closes a savepoint and those within it; false when it was closed with one around it.
    fn close(&self, number: u32) -> bool {
        let mut open = self.open();
        let found = open.numbers.iter().position(|open| *open == number);
        if let Some(found) = found {
            open.numbers.truncate(found);
        }
        found.is_some()
    }

    fn is_open(&self, number: u32) -> bool {
        self.open().numbers.contains(&number)
    }
}

impl Transaction {
    /// A transaction that a connector has begun, for the datasource of this name. Its timeout counts from `started`,
    /// before the connector waited for anything.
    #[must_use]
    pub fn begun(
        cx: &CallContext,
        options: &TransactionOptions,
        started: Instant,
        datasource: impl Into<Arc<str>>,
        driver: Arc<dyn TransactionDriver>,
    ) -> Self {
        let inside = InTransaction {
            datasource: datasource.into(),
            driver,
            savepoints: Arc::default(),
        };
        let mut cx = cx.clone();
        let ends = started.checked_add(options.timeout);
        if let Some(ends) = ends {
            cx.limit_deadline(ends);
        }
        cx.extensions_mut().insert(inside.clone());
        Self {
            watch: watch(&inside, cx.deadline(), started),
            cx,
            inside,
            savepoint: None,
            open: true,
            told: None,
        }
    }

    /// Tells somebody of its commit or rollback.
    pub(crate) fn told_to(&mut self, watch: Arc<dyn WatchesOperations>) {
        self.told = Some(watch);
    }

    /// Ends it by `work`, and tells of that. A driver may work as soon as it is called, so that is done here.
    async fn telling<'a>(
        &'a self,
        name: &'static str,
        work: impl FnOnce() -> BoxFuture<'a, Result<()>>,
    ) -> Result<()> {
        let operation = Operation {
            name,
            collection: "",
            trace: self.cx.trace(),
        };
        let ends = self.told.as_ref().map(|watch| watch.begin(&operation));
        let outcome = work().await;
        if let Some(ends) = ends {
            ends.end(outcome.as_ref().err().map(Error::code));
        }
        outcome
    }

    /// What a connector answers to `begin` when the context carries one of its transactions already: a savepoint.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it is to be more isolated than the transaction around it, or to write in one that only
    /// reads.
    pub async fn nested(
        cx: &CallContext,
        options: &TransactionOptions,
        inside: &InTransaction,
    ) -> Result<Self> {
        let driver = &inside.driver;
        if driver.is_read_only() && !options.read_only {
            return Err(Error::failed_precondition(
                "the transaction around this one only reads",
            ));
        }
        if options.isolation > driver.isolation() {
            return Err(Error::failed_precondition(format!(
                "the transaction around this one is only {:?}, where {:?} is asked for",
                driver.isolation(),
                options.isolation
            )));
        }
        let mut cx = cx.clone();
        if let Some(ends) = Instant::now().checked_add(options.timeout) {
            cx.limit_deadline(ends);
        }
        Self::savepoint_in(cx, inside).await
    }

    async fn savepoint_in(cx: CallContext, inside: &InTransaction) -> Result<Self> {
        inside.driver.state().check()?;
        let number = inside.savepoints.add()?;
        // Before the statement: one that is dropped midway is taken back as well.
        let mut savepoint = Self {
            cx,
            inside: inside.clone(),
            savepoint: Some(number),
            open: true,
            watch: None,
            told: None,
        };
        if let Err(error) = inside.driver.savepoint(number).await {
            inside.savepoints.close(number);
            savepoint.open = false;
            return Err(error);
        }
        Ok(savepoint)
    }

    /// The context that works inside.
    #[must_use]
    pub fn cx(&self) -> &CallContext {
        &self.cx
    }

    /// The datasource in which it was begun.
    #[must_use]
    pub fn datasource(&self) -> &str {
        self.inside.datasource()
    }

    /// Whether it goes on: not committed, rolled back, timed out or broken by a failure of the database.
    #[must_use]
    pub fn is_active(&self) -> bool {
        let open = |number| self.inside.savepoints.is_open(number);
        self.state().is_active() && self.savepoint.is_none_or(open)
    }

    /// A point to which what follows can be taken back: roll the answer back, or drop it. Committing it keeps the
    /// changes as part of this transaction.
    ///
    /// # Errors
    /// What ended the transaction; FAILED_PRECONDITION when too many are open; as a statement.
    pub async fn savepoint(&self) -> Result<Self> {
        self.check()?;
        Self::savepoint_in(self.cx.clone(), &self.inside).await
    }

    /// Keeps the changes: for all to see, or of a savepoint, within the transaction around it.
    ///
    /// # Errors
    /// What ended the transaction before; a serialization failure, after which all may be tried again; UNAVAILABLE when the
    /// store does not say whether the changes were kept.
    pub async fn commit(mut self) -> Result<()> {
        self.check()?;
        match self.savepoint {
            Some(number) => {
                self.inside.driver.release(number).await?;
                self.inside.savepoints.close(number);
            }
            None => {
                self.cx.check_deadline()?;
                let commit = || self.inside.driver.commit();
                let outcome = self.telling("COMMIT", commit).await;
                self.state().end(match &outcome {
                    Ok(()) => Ended::Committed,
                    Err(error) => Ended::Failed(error.code(), error.message().to_owned()),
                });
                outcome?;
            }
        }
        self.open = false;
        Ok(())
    }

    /// Takes the changes back. One that has ended by itself is rolled back already.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL from the store; the changes are gone all the same.
    pub async fn rollback(mut self) -> Result<()> {
        match self.savepoint {
            Some(number) if self.is_active() => {
                self.inside.driver.rollback_to(number).await?;
                self.inside.savepoints.close(number);
            }
            None if self.state().end(Ended::RolledBack) => {
                self.open = false;
                let rollback = || self.inside.driver.rollback();
                return self.telling("ROLLBACK", rollback).await;
            }
            _ => {}
        }
        self.open = false;
        Ok(())
    }

    fn state(&self) -> &TransactionState {
        self.inside.driver.state()
    }

    fn check(&self) -> Result<()> {
        self.state().check()?;
        match self.savepoint {
            Some(number) if !self.inside.savepoints.is_open(number) => Err(
                Error::failed_precondition("the savepoint ended with the one around it"),
            ),
            _ => Ok(()),
        }
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
        if !self.open {
            return;
        }
        match self.savepoint {
            Some(number) => {
                if self.state().is_active() && self.inside.savepoints.close(number) {
                    self.inside.driver.abandon_to(number);
                }
            }
            None => {
                // A commit that was dropped midway has its outcome still; only the connection is cleared.
                self.state().end(Ended::RolledBack);
                self.inside.driver.abandon();
            }
        }
    }
}

/// Rolls the transaction back when its time is over, although nobody works in it. Without a runtime the deadline of its
/// context is all there is.
fn watch(inside: &InTransaction, ends: Option<Instant>, started: Instant) -> Option<AbortHandle> {
    let ends = ends?;
    let runtime = tokio::runtime::Handle::try_current().ok()?;
    let driver = Arc::downgrade(&inside.driver);
    let watch = async move {
        tokio::time::sleep_until(ends.into()).await;
        if let Some(driver) = driver.upgrade()
            && driver
                .state()
                .end(Ended::TimedOut(ends.saturating_duration_since(started)))
        {
            driver.abandon();
        }
    };
    Some(runtime.spawn(watch).abort_handle())
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("datasource", &self.datasource())
            .field("savepoint", &self.savepoint)
            .field("active", &self.is_active())
            .finish_non_exhaustive()
    }
}
