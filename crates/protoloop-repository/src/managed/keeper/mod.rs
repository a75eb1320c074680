//! Keys that no database keeps true: those in lists, those that refer to one of several models, and those that a foreign
//! key would let refer to a row of another tenant.
//!
//! A write is tried as if there were none of them. The edits of the try tell which keys they would store and which rows
//! they would remove; if there are any that matter, nothing is written, they are looked after, and the write is done again.
//! So a write that leaves the keys alone costs nothing more. A row that is referred to is held until the referring one is
//! stored, by several at once, and one that is to be removed is locked until those that refer to it are dealt with, both in one transaction with the
//! write. Where a foreign key stands behind, a look for the tenant is enough: tenants of rows never change.

mod cares;
mod clear;
mod watch;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use protoloop_core::{BoxFuture, CallContext, Code, Error, Result};

use cares::{Cares, Sought};
use clear::Clearing;
use watch::{Known, Wanted, Watched};

use crate::{
    Changes, Cursor, Executed, Filter, GroupQuery, Key, Model, OrderBy, Query, Record, Repository,
    RowStream, Transaction, TransactionOptions, Value, Write, WriteError,
    bulk::{delete_each, update_each},
    transaction,
};

/// How often a write is tried that asks for more each time, because rows change meanwhile.
const ROUNDS: usize = 16;

/// A connector's repository with our own care for keys around it.
pub(super) struct Keeper {
    inner: Arc<dyn Repository<Record>>,
    cares: Arc<Cares>,
}

impl Keeper {
    /// The repository itself, where the database keeps all keys of the model.
    pub(super) fn around(inner: Arc<dyn Repository<Record>>) -> Arc<dyn Repository<Record>> {
        match Cares::of(inner.model()) {
            Ok(cares) if cares.is_empty() => inner,
            // A model that cannot be made was refused before any repository.
            Err(_) => inner,
            Ok(cares) => Arc::new(Self {
                inner,
                cares: Arc::new(cares),
            }),
        }
    }

    async fn keep(
        &self,
        cx: &CallContext,
        writes: Vec<Write<Record>>,
    ) -> Result<Vec<Option<Record>>, WriteError> {
        // What is set without a look at the row would not tell which keys it stores.
        let looks = !self.cares.held.is_empty();
        let writes = writes.into_iter().map(|write| match looks {
            true => write.looking(),
            false => write,
        });
        let watched = Watched {
            model: Arc::clone(self.inner.model()),
            cares: Arc::clone(&self.cares),
            writes: writes.collect(),
        };
        let wanted = watched.of_creates()?;
        if Clearing::of(cx).is_some() {
            return match self.rounds(cx, &watched, wanted, true).await? {
                Ok(answers) => Ok(answers),
                Err(_) => Err(changing().into()),
            };
        }
        let wanted = match wanted.needs_transaction(&self.cares) {
            true => wanted,
            false => match self.rounds(cx, &watched, wanted, false).await? {
                Ok(answers) => return Ok(answers),
                Err(wanted) => wanted,
            },
        };
        self.in_transaction(cx, &watched, wanted).await
    }

    async fn in_transaction(
        &self,
        cx: &CallContext,
        watched: &Watched,
        wanted: Wanted,
    ) -> Result<Vec<Option<Record>>, WriteError> {
        let options = TransactionOptions::new();
        let failed = Mutex::new(None);
        let (failed, wanted) = (&failed, &wanted);
        let begin = || self.inner.begin(cx, &options);
        let outcome = transaction::run(cx, &options, begin, |mut cx| async move {
            Clearing::begin(&mut cx);
            let outcome = self.rounds(&cx, watched, wanted.clone(), true).await;
            let outcome = outcome.and_then(|done| done.map_err(|_| changing().into()));
            outcome.map_err(|failure| {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = failure.index;
                failure.error
            })
        });
        outcome.await.map_err(|error| WriteError {
            index: *failed.lock().unwrap_or_else(PoisonError::into_inner),
            error,
        })
    }

    /// Tries the writes until they ask for nothing more. Answers what they ask for, where that needs a transaction and
    /// there is none.
    async fn rounds(
        &self,
        cx: &CallContext,
        watched: &Watched,
        mut wanted: Wanted,
        inside: bool,
    ) -> Result<Result<Vec<Option<Record>>, Wanted>, WriteError> {
        let mut known = Known::default();
        for _ in 0..ROUNDS {
            if !inside && wanted.needs_transaction(&self.cares) {
                return Ok(Err(wanted));
            }
            self.look_for(cx, wanted.keys, &mut known).await?;
            for (index, key) in wanted.removed {
                let cleared = clear::clear(&self.inner, &self.cares, cx, &key).await;
                cleared.map_err(|error| WriteError::at(index, error))?;
                known.removed.insert(key);
            }
            let shared = Arc::new(known);
            let (writes, asked) = watched.try_with(&shared);
            let outcome = self.inner.write(cx, writes).await;
            let asked = std::mem::take(&mut *asked.lock().unwrap_or_else(PoisonError::into_inner));
            if outcome.is_ok() || asked.is_empty() {
                return outcome.map(Ok);
            }
            known = Arc::try_unwrap(shared).unwrap_or_else(|shared| Known {
                keys: shared.keys.clone(),
                removed: shared.removed.clone(),
            });
            wanted = asked;
        }
        Err(changing().into())
    }

    /// FAILED_PRECONDITION for the first key that refers to no row, or to one of another tenant.
    async fn look_for(
        &self,
        cx: &CallContext,
        keys: Vec<(usize, Sought)>,
        known: &mut Known,
    ) -> Result<(), WriteError> {
        for (number, held) in self.cares.held.iter().enumerate() {
            let of_this = keys.iter().filter(|(_, sought)| sought.held == number);
            let asked: Vec<(usize, &Sought, Key)> = of_this
                .map(|(index, sought)| (*index, sought, Key::from(sought.key.clone())))
                .collect();
            if asked.is_empty() {
                continue;
            }
            let target = self.neighbour_of(&held.target)?;
            // In one order, so that two calls do not wait for each other.
            let mut wanted: Vec<Key> = asked.iter().map(|(_, _, key)| key.clone()).collect();
            wanted.sort_by_cached_key(ToString::to_string);
            wanted.dedup();
            let rows = match held.is_locked() {
                true => target.hold(cx, &wanted).await?,
                false => found(&*target, cx, &wanted).await?,
            };
            let pairs = wanted.iter().zip(&rows);
            let there: HashMap<&Key, &Record> = pairs
                .filter_map(|(key, row)| Some((key, row.as_ref()?)))
                .collect();
            for (index, sought, key) in asked {
                let row = there.get(&key);
                if !row.is_some_and(|row| held.is_of(sought, row)) {
                    let error = self.inner.model().dangling(&held.reference);
                    return Err(WriteError::at(index, error));
                }
                known.keys.insert(sought.clone());
            }
        }
        Ok(())
    }

    fn neighbour_of(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        match model.entity().id == self.inner.model().entity().id {
            true => Ok(Arc::clone(&self.inner)),
            false => self.inner.neighbour(model),
        }
    }
}

/// The rows of keys. A copy of the database that lags behind may not have them yet, so the database itself is asked
/// before one is missed.
async fn found(
    repository: &dyn Repository<Record>,
    cx: &CallContext,
    keys: &[Key],
) -> Result<Vec<Option<Record>>> {
    let rows = repository.find_by_ids(cx, keys).await?;
    match rows.iter().any(Option::is_none) {
        true => repository.hold(cx, keys).await,
        false => Ok(rows),
    }
}

fn changing() -> Error {
    Error::new(
        Code::Aborted,
        "the rows that are referred to change too fast; try again",
    )
}

impl Repository<Record> for Keeper {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        self.inner.neighbour(model)
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        self.inner.find(cx, query)
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.inner.find_by_ids(cx, keys)
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        self.inner.find_by_key(cx, key)
    }

    fn find_within<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
        scope: &'a Filter,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.inner.find_within(cx, keys, scope)
    }

    fn hold<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.inner.hold(cx, keys)
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        self.inner.find_grouped(cx, query)
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.inner.count(cx, filter)
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<Cursor>> {
        self.inner.place(cx, order, row)
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(self.keep(cx, writes))
    }

    /// Row by row where keys change that are looked after.
    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        match self.cares.touches(changes.fields()) {
            true => Box::pin(update_each(self, cx, filter, changes)),
            false => self.inner.update_all(cx, filter, changes),
        }
    }

    /// Row by row where others refer to them.
    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        match self.cares.referring.is_empty() {
            true => self.inner.delete_all(cx, filter),
            false => Box::pin(delete_each(self, cx, filter)),
        }
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        self.inner.stream(cx, query)
    }

    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        self.inner.execute(cx, statement, parameters)
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        self.inner.begin(cx, options)
    }
}
