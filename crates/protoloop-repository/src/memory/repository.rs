//! The repository over a store in memory.

use std::{future::ready, sync::Arc};

use futures_util::stream::{self, TryStreamExt as _};
use protoloop_core::{BoxFuture, CallContext, Error, Result};

use super::{
    changes::Changes,
    find,
    related::{AllRows, Places},
    shared::{Shared, Stores},
    store::Store,
    transaction::{self, MemoryTransaction},
};
use crate::{
    Changes as RowChanges, Cursor, Filter, GroupBy, GroupQuery, Groups, Key, LinkedBy, Model,
    OrderBy, Query, Record, Repository, RowStream, Transaction, TransactionOptions, Value, Write,
    WriteError, group, transaction::InTransaction,
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
        self.read_with(cx, |store, _| read(store))
    }

    /// The same, with those of all models.
    fn read_with<T>(&self, cx: &CallContext, read: impl FnOnce(&Store, &Stores) -> T) -> Result<T> {
        self.read_all(cx, |stores| match stores.get(self.number) {
            Some(store) => Ok(read(store, stores)),
            None => Err(Error::failed_precondition(format!(
                "{} was prepared after the transaction began",
                self.model.full_name()
            ))),
        })?
    }

    /// The same for the rows of all models alone.
    fn read_all<T>(&self, cx: &CallContext, read: impl FnOnce(&Stores) -> T) -> Result<T> {
        match self.transaction(cx)? {
            None => Ok(read(&self.shared.read())),
            Some(transaction) => transaction.read(read),
        }
    }

    /// The rows of keys that linking rows lead to.
    async fn find_linked(
        &self,
        cx: &CallContext,
        query: &GroupQuery,
        linked: &LinkedBy,
    ) -> Result<Vec<Vec<Record>>> {
        let links = self.read_all(cx, |stores| {
            let name = linked.model.full_name();
            let found = stores.iter().find(|store| store.model.full_name() == name);
            let found = found.map(|store| find::links(store, linked, &query.keys));
            found.unwrap_or_default()
        })?;
        let [id] = self.model.key_order().terms() else {
            return Err(Error::internal_error("linked by a key of several fields"));
        };
        let is_linked = Filter::In {
            path: id.path.clone(),
            values: links.keys().map(Value::from).collect(),
        };
        let mut all = query.query.clone();
        all.filter = Some(match all.filter.take() {
            Some(filter) => Filter::And(vec![is_linked, filter]),
            None => is_linked,
        });
        (all.limit, all.skip) = (None, 0);
        let mut groups = Groups::new(&query.keys);
        for row in self.find(cx, &all).await? {
            let key = self.model.key_of(row.as_ref())?;
            let of_row = key.values().first().and_then(|key| links.get(key));
            for key in of_row.into_iter().flatten() {
                groups.push(key, row.clone());
            }
        }
        let (limit, skip) = (query.query.limit, query.query.skip);
        let groups = groups.finish().into_iter();
        Ok(groups.map(|rows| group::cut(rows, limit, skip)).collect())
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
        let mut changes = Changes::new(&mut stores, self.number);
        let answer = change(&mut changes)?;
        changes.keep();
        Ok(answer)
    }
}

impl Repository<Record> for MemoryRepository {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let name = model.full_name();
        let number = {
            let stores = self.shared.read();
            let mut stores = stores.iter();
            stores.position(|store| store.model.full_name() == name)
        };
        let number =
            number.ok_or_else(|| Error::failed_precondition(format!("{name} was not prepared")))?;
        Ok(Arc::new(Self {
            model: Arc::clone(model),
            shared: Arc::clone(&self.shared),
            number,
        }))
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(async move {
            let find = |store: &Store, all: &Stores| find::find(&self.model, store, all, query);
            self.read_with(cx, find)
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

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        match &query.by {
            GroupBy::Field(_) => group::by_find(self, cx, query),
            GroupBy::Through(linked) => Box::pin(self.find_linked(cx, query, linked)),
        }
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let count = |store: &Store, all: &Stores| find::count(&self.model, store, all, filter);
            self.read_with(cx, count)
        })
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<Cursor>> {
        let place = self.read_with(cx, |_, all| {
            Places::new(&self.model, order, &AllRows(all)).of(row.as_ref())
        });
        Box::pin(ready(place))
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
