//! The repository over a store in memory.

use std::{
    future::ready,
    sync::{Arc, PoisonError, RwLock},
};

use protoloop_core::{BoxFuture, CallContext, Result};

use super::{find, store::Store, transaction::Transaction};
use crate::{Filter, Key, Model, Query, Record, Repository, Write, WriteError};

/// The rows of one model behind one lock: any number of readers, or one writer. Nothing waits while it is held.
#[derive(Debug)]
pub(super) struct MemoryRepository {
    model: Arc<Model>,
    store: RwLock<Store>,
}

impl MemoryRepository {
    pub(super) fn new(model: &Arc<Model>) -> Self {
        Self {
            store: RwLock::new(Store::new(model)),
            model: Arc::clone(model),
        }
    }

    /// A panic of a writer leaves the store whole: its transaction takes the writes back as it unwinds.
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, writes: Vec<Write<Record>>) -> Result<Vec<Option<Record>>, WriteError> {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = Transaction::new(&self.model, &mut store);
        let mut answers = Vec::with_capacity(writes.len());
        for (index, write) in writes.into_iter().enumerate() {
            let answer = transaction
                .write(write)
                .map_err(|error| WriteError::at(index, error))?;
            answers.push(answer);
        }
        transaction.commit();
        Ok(answers)
    }
}

fn refuse_related(filter: Option<&Filter>, order: bool) -> Result<()> {
    match order || filter.is_some_and(Filter::is_related) {
        true => Err(protoloop_core::Error::unimplemented(
            "related rows are not looked at yet",
        )),
        false => Ok(()),
    }
}

impl Repository<Record> for MemoryRepository {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }

    fn find<'a>(
        &'a self,
        _: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(async move {
            refuse_related(query.filter.as_ref(), query.order.is_related())?;
            Ok(find::find(&self.model, &self.read(), query))
        })
    }

    fn find_by_ids<'a>(
        &'a self,
        _: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        let store = self.read();
        let rows = keys.iter().map(|key| store.rows.get(key).cloned());
        Box::pin(ready(Ok(rows.map(|row| row.map(Record)).collect())))
    }

    fn find_by_key<'a>(
        &'a self,
        _: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        Box::pin(ready(Ok(self.read().rows.get(key).cloned().map(Record))))
    }

    fn count<'a>(
        &'a self,
        _: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            refuse_related(filter, false)?;
            Ok(find::count(&self.model, &self.read(), filter))
        })
    }

    fn write<'a>(
        &'a self,
        _: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(async move { self.write_all(writes) })
    }
}
