//! The rows of all models of a connector.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use protoloop_core::{CallContext, Result};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::store::Store;
use crate::{Model, within};

/// One store per model, by number. A transaction shares stores with the connector until one of them changes.
pub(super) type Stores = Vec<Arc<Store>>;

/// The right to change rows, of one writer at a time.
pub(super) type Turn = OwnedMutexGuard<()>;

/// What the repositories and transactions of a connector share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The committed rows behind one lock: any number of readers, or one writer. Nothing waits while it is held.
    stores: RwLock<Stores>,
    /// Held for a write, or for the length of a transaction that writes; no thread waits for it.
    turn: Arc<Mutex<()>>,
}

impl Shared {
    /// Makes the store of a model and answers its number.
    pub(super) fn add(&self, model: &Arc<Model>) -> usize {
        let mut stores = self.write();
        stores.push(Arc::new(Store::new(model)));
        stores.len() - 1
    }

    /// A panic of a writer leaves the stores whole: its changes are taken back as it unwinds.
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Stores> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Stores> {
        self.stores.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn to write, until the call's deadline.
    pub(super) async fn turn(&self, cx: &CallContext) -> Result<Turn> {
        if let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() {
            return Ok(turn);
        }
        within(cx, async { Ok(Arc::clone(&self.turn).lock_owned().await) }).await
    }
}
