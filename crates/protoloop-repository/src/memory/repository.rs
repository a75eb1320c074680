//! The repository over a store in memory.

use std::{future::ready, sync::Arc};

use futures_util::stream::{self, TryStreamExt as _};
use protoloop_core::{BoxFuture, CallContext, Error, Result};

use super::{
    changes::Changes,
    find,
    shared::{Shared, Stores},
    store::Store,
    transaction::{self, MemoryTransaction},
};
use crate::{
    Changes as RowChanges, Filter, Key, Model, Query, Record, Repository, RowStream, Transaction,
    TransactionOptions, Write, WriteError, transaction::InTransaction,
};

/// The rows of one model.
#[derive(Debug)]
pub(super) struct MemoryRepository {
    model: Arc<Model>,
    shared: Arc<Shared>,
    /// The number of its store.
    number: usize,
}

impl MemoryRepository {
    pub(super) fn new(model: &Arc<Model>, shared: &Arc<Shared>) -> Self {
        Self {
            number: shared.add(model),
            shared: Arc::clone(shared),
            model: Arc::clone(model),
        }
    }

    pub(super) fn datasource(&self) -> Arc<str> {
        Arc::clone(&self.model.entity().datasource)
    }

    /// The transaction of a context, if it carries one.
    fn transaction<'a>(&self, cx: &'a CallContext) -> Result<Option<&'a MemoryTransaction>> {
        let Some(inside) = InTransaction::of(cx) else {
            return Ok(None);
        };
        let datasource = &self.model.entity().datasource;
        inside
            .driver(datasource, |driver: &MemoryTransaction| {
                driver.is_of(&self.shared)
            })
            .map(Some)
    }

    /// Reads the rows that a context sees: the committed ones, or those of its transaction.
    fn read<T>(&self, cx: &CallContext, read: impl FnOnce(&Store) -> T) -> Result<T> {
        let read = |stores: &Stores| match stores.get(self.number) {
            Some(store) => Ok(read(store)),
            None => Err(Error::failed_precondition(format!(
                "{} was prepared after the transaction began",
                self.model.full_name()
            ))),
        };
        match self.transaction(cx)? {
            None => read(&self.shared.read()),
            Some(transaction) => transaction.read(read)?,
        }
    }

    /// Changes the rows, in the transaction of a context or at once; nothing when that fails.
    async fn change<T, E: From<Error>>(
        &self,
        cx: &CallContext,
        change: impl FnOnce(&mut Changes<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(transaction) = self.transaction(cx)? {
            return transaction.change(&self.model, self.number, change);
        }
        let _turn = self.shared.turn(cx).await?;
        let mut stores = self.shared.write();
        let mut changes = Changes::new(&self.model, Arc::make_mut(&mut stores[self.number]));
        let answer = change(&mut changes)?;
        changes.keep();
        Ok(answer)
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
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(async move {
            refuse_related(query.filter.as_ref(), query.order.is_related())?;
            self.read(cx, |store| find::find(&self.model, store, query))
        })
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        let found = self.read(cx, |store| {
            let rows = keys.iter().map(|key| store.rows.get(key).cloned());
            rows.map(|row| row.map(Record)).collect()
        });
        Box::pin(ready(found))
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        let found = self.read(cx, |store| store.rows.get(key).cloned().map(Record));
        Box::pin(ready(found))
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            refuse_related(filter, false)?;
            self.read(cx, |store| find::count(&self.model, store, filter))
        })
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(self.change(cx, |changes| changes.write_all(writes)))
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        row: &'a RowChanges,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            refuse_related(filter, false)?;
            let change = |changes: &mut Changes<'_>| {
                let keys = changes.keys(filter);
                changes.update_all(keys, row)
            };
            self.change(cx, change).await
        })
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            refuse_related(filter, false)?;
            let change = |changes: &mut Changes<'_>| {
                let keys = changes.keys(filter);
                changes.delete_all(keys)
            };
            self.change(cx, change).await
        })
    }

    /// The rows are in memory already; the stream holds them, and copies nothing.
    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        let rows = async move {
            let rows = self.find(cx, query).await?;
            Ok::<_, Error>(stream::iter(rows.into_iter().map(Ok)))
        };
        Box::pin(stream::once(rows).try_flatten())
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        Box::pin(transaction::begin(
            &self.shared,
            cx,
            options,
            self.datasource(),
        ))
    }
}
