//! Transactions over all models of a connector.

use std::{
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use protoloop_core::{BoxFuture, CallContext, Error, Result};

use super::{
    changes::{Before, Changes, take_back},
    shared::{Shared, Stores, Turn},
};
use crate::{
    Isolation, Model, Transaction, TransactionOptions,
    transaction::{InTransaction, TransactionDriver, TransactionState},
};

/// Begins a transaction, or a savepoint in the one that the context carries.
pub(super) async fn begin(
    shared: &Arc<Shared>,
    cx: &CallContext,
    options: &TransactionOptions,
    datasource: Arc<str>,
) -> Result<Transaction> {
    if let Some(inside) = InTransaction::of(cx) {
        inside.driver(&datasource, |driver: &MemoryTransaction| {
            driver.is_of(shared)
        })?;
        return Transaction::nested(cx, options, inside).await;
    }
    let started = Instant::now();
    // One that only reads keeps the rows as they are now and holds nobody up.
    let turn = match options.read_only {
        true => None,
        false => {
            let mut patience = cx.clone();
            if let Some(ends) = started.checked_add(options.timeout) {
                patience.limit_deadline(ends);
            }
            Some(shared.turn(&patience).await?)
        }
    };
    let driver = MemoryTransaction {
        shared: Arc::clone(shared),
        state: TransactionState::default(),
        read_only: options.read_only,
        work: Mutex::new(Some(Work {
            stores: shared.read().clone(),
            _turn: turn,
            undo: Vec::new(),
            savepoints: Vec::new(),
        })),
    };
    let driver = Arc::new(driver);
    Ok(Transaction::begun(cx, options, started, datasource, driver))
}

/// A transaction in memory.
#[derive(Debug)]
pub(super) struct MemoryTransaction {
    shared: Arc<Shared>,
    state: TransactionState,
    read_only: bool,
    /// `None` when it has ended. Nothing waits while it is locked.
    work: Mutex<Option<Work>>,
}

/// What a transaction has done so far.
#[derive(Debug)]
struct Work {
    /// The rows as it sees them.
    stores: Stores,
    /// Dropped with the rest, which lets the next writer begin.
    _turn: Option<Turn>,
    /// Rows as they were, oldest first.
    undo: Vec<Before>,
    /// Number of a savepoint and the length of `undo` when it was set, outermost first.
    savepoints: Vec<(u32, usize)>,
}

impl MemoryTransaction {
    pub(super) fn is_of(&self, shared: &Arc<Shared>) -> bool {
        Arc::ptr_eq(&self.shared, shared)
    }

    fn work(&self) -> MutexGuard<'_, Option<Work>> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `act` on what was done so far, unless the transaction has ended.
    fn with<T>(&self, act: impl FnOnce(&mut Work) -> T) -> Result<T> {
        self.state.check()?;
        match &mut *self.work() {
            Some(work) => Ok(act(work)),
            None => {
                // It ended between the two looks.
                self.state.check()?;
                Err(Error::internal_error("a transaction without its rows"))
            }
        }
    }

    /// Reads the rows as the transaction sees them.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Stores) -> T) -> Result<T> {
        self.with(|work| read(&work.stores))
    }

    /// Changes one store, or nothing when that fails.
    pub(super) fn change<T, E: From<Error>>(
        &self,
        model: &Arc<Model>,
        number: usize,
        change: impl FnOnce(&mut Changes<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.read_only {
            return Err(Error::failed_precondition("the transaction only reads").into());
        }
        self.with(|work| work.change(model, number, change))?
    }
}

impl Work {
    fn change<T, E: From<Error>>(
        &mut self,
        model: &Arc<Model>,
        number: usize,
        change: impl FnOnce(&mut Changes<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if number >= self.stores.len() {
            let what = format!(
                "{} was prepared after the transaction began",
                model.full_name()
            );
            return Err(Error::failed_precondition(what).into());
        }
        let mut changes = Changes::new(&mut self.stores, number);
        let answer = change(&mut changes)?;
        self.undo.extend(changes.keep());
        Ok(answer)
    }

    /// Closes a savepoint and those within it; answers how much was done before it.
    fn close(&mut self, savepoint: u32) -> Option<usize> {
        let at = self
            .savepoints
            .iter()
            .position(|(number, _)| *number == savepoint)?;
        let (_, done) = self.savepoints[at];
        self.savepoints.truncate(at);
        Some(done)
    }

    fn rollback_to(&mut self, savepoint: u32) {
        let Some(done) = self.close(savepoint) else {
            return;
        };
        take_back(&mut self.stores, &mut self.undo, done);
    }
}

impl TransactionDriver for MemoryTransaction {
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
        let done = self.with(|work| work.savepoints.push((number, work.undo.len())));
        Box::pin(ready(done))
    }

    fn release(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        let done = self.with(|work| {
            work.close(number);
        });
        Box::pin(ready(done))
    }

    fn rollback_to(&self, number: u32) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(self.with(|work| work.rollback_to(number))))
    }

    fn abandon_to(&self, number: u32) {
        // One that has ended took the savepoint with it.
        let _ = self.with(|work| work.rollback_to(number));
    }

    fn commit(&self) -> BoxFuture<'_, Result<()>> {
        let Some(work) = self.work().take() else {
            let ended = self.state.check();
            return Box::pin(ready(ended));
        };
        let mut changed: Vec<usize> = work.undo.iter().map(|(number, ..)| *number).collect();
        changed.sort_unstable();
        changed.dedup();
        let mut stores = self.shared.write();
        for number in changed {
            stores[number] = Arc::clone(&work.stores[number]);
        }
        drop(stores);
        // The turn ends behind the change, with the last other owner of the new stores.
        drop(work);
        Box::pin(ready(Ok(())))
    }

    fn rollback(&self) -> BoxFuture<'_, Result<()>> {
        self.abandon();
        Box::pin(ready(Ok(())))
    }

    fn abandon(&self) {
        self.work().take();
    }
}
