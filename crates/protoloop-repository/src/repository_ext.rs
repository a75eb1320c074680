//! The everyday methods of a repository.

use std::future::Future;

use protoloop_core::{CallContext, Error, Result};

use crate::{
    Changes, Entity, Filter, Isolation, Key, Query, Repository, Transaction, TransactionOptions,
    Write,
    transaction::{self, InTransaction},
};

/// Methods over [`Repository`], with LoopBack's names.
///
/// They store rows as given. For ids, times and etags put [`Managed`](crate::Managed) in front, as an application's
/// injected repositories have it.
pub trait RepositoryExt<E: Entity>: Repository<E> {
    /// Stores a new row.
    ///
    /// ALREADY_EXISTS when its key or a unique value is taken.
    fn create(&self, cx: &CallContext, row: E) -> impl Future<Output = Result<E>> + Send {
        async move { one(self.write(cx, vec![Write::Create(row)]).await?) }
    }

    /// Stores new rows, all or none, and answers them in order.
    ///
    /// ALREADY_EXISTS as [`RepositoryExt::create`].
    fn create_all(
        &self,
        cx: &CallContext,
        rows: Vec<E>,
    ) -> impl Future<Output = Result<Vec<E>>> + Send {
        async move {
            let writes = rows.into_iter().map(Write::Create).collect();
            let stored = self.write(cx, writes).await?;
            Ok(stored.into_iter().flatten().collect())
        }
    }

    /// All rows, or those that a filter selects, by key.
    ///
    /// For an order, a page or some columns ask [`Repository::find`]; for very many rows, [`Repository::stream`].
    fn find_all(
        &self,
        cx: &CallContext,
        filter: impl Into<Option<Filter>>,
    ) -> impl Future<Output = Result<Vec<E>>> + Send {
        let mut query = Query::new(self.model().key_order().clone());
        query.filter = filter.into();
        async move { self.find(cx, &query).await }
    }

    /// The row of a key.
    ///
    /// NOT_FOUND when there is none.
    fn find_by_id(&self, cx: &CallContext, key: &Key) -> impl Future<Output = Result<E>> + Send {
        async move {
            let row = self.find_by_key(cx, key).await?;
            row.ok_or_else(|| self.model().not_found(key))
        }
    }

    /// The first row that a filter selects, by key.
    fn find_one(
        &self,
        cx: &CallContext,
        filter: Filter,
    ) -> impl Future<Output = Result<Option<E>>> + Send {
        async move {
            let mut query = Query::new(self.model().key_order().clone());
            query.filter = Some(filter);
            query.limit = Some(1);
            Ok(self.find(cx, &query).await?.pop())
        }
    }

    /// Whether there is a row of a key.
    fn exists(&self, cx: &CallContext, key: &Key) -> impl Future<Output = Result<bool>> + Send {
        async move { Ok(self.find_by_key(cx, key).await?.is_some()) }
    }

    /// Changes the row of a key within a transaction; `change` may run more than once, each time on a fresh copy.
    ///
    /// NOT_FOUND when there is none; what `change` answers; ALREADY_EXISTS when a unique value is taken.
    fn update_by_id(
        &self,
        cx: &CallContext,
        key: &Key,
        change: impl Fn(&mut E) -> Result<()> + Send + Sync + 'static,
    ) -> impl Future<Output = Result<E>> + Send {
        let model = self.model().clone();
        let missing = key.clone();
        let edit = move |row: Option<&E>| {
            let mut row = row.cloned().ok_or_else(|| model.not_found(&missing))?;
            change(&mut row)?;
            Ok(row)
        };
        let write = Write::Modify {
            key: key.clone(),
            edit: Box::new(edit),
        };
        async move { one(self.write(cx, vec![write]).await?) }
    }

    /// Puts a row in the place of the one with its key.
    ///
    /// NOT_FOUND when there is none; ALREADY_EXISTS when a unique value is taken.
    fn replace_by_id(
        &self,
        cx: &CallContext,
        key: &Key,
        row: E,
    ) -> impl Future<Output = Result<E>> + Send {
        self.update_by_id(cx, key, move |present| {
            present.clone_from(&row);
            Ok(())
        })
    }

    /// Sets fields of the row of a key.
    ///
    /// NOT_FOUND when there is none; ALREADY_EXISTS when a unique value is taken.
    fn patch_by_id(
        &self,
        cx: &CallContext,
        key: &Key,
        changes: Changes,
    ) -> impl Future<Output = Result<E>> + Send {
        let model = self.model().clone();
        self.update_by_id(cx, key, move |row| {
            let changed = changes.apply(&model, model.canonical(row.encode())?)?;
            *row = E::decode(changed.0)?;
            Ok(())
        })
    }

    /// Puts a row in the place of the one with the same key.
    ///
    /// INVALID_ARGUMENT when the row has no key; as [`RepositoryExt::replace_by_id`].
    fn update(&self, cx: &CallContext, row: E) -> impl Future<Output = Result<E>> + Send {
        async move {
            let key = self.model().key_of(&row.encode())?;
            self.replace_by_id(cx, &key, row).await
        }
    }

    /// Stores a row: in the place of the one with its key, where there is one, and else as a new one. A row without key is
    /// a new one.
    ///
    /// ALREADY_EXISTS when a unique value is taken.
    fn save(&self, cx: &CallContext, row: E) -> impl Future<Output = Result<E>> + Send {
        async move {
            match self.model().find_key(&row.encode()) {
                Some(_) => self.upsert(cx, row).await,
                None => self.create(cx, row).await,
            }
        }
    }

    /// Stores a row, in the place of the one with its key where there is one.
    ///
    /// INVALID_ARGUMENT when the row has no key; ALREADY_EXISTS when a unique value is taken.
    fn upsert(&self, cx: &CallContext, row: E) -> impl Future<Output = Result<E>> + Send {
        async move {
            let write = Write::Modify {
                key: self.model().key_of(&row.encode())?,
                edit: Box::new(move |_| Ok(row.clone())),
            };
            one(self.write(cx, vec![write]).await?)
        }
    }

    /// Stores a row in the place of the one that a filter selects, whose key it gets; as a new one when there is none.
    ///
    /// FAILED_PRECONDITION when the filter selects several; ALREADY_EXISTS when a unique value is taken; UNIMPLEMENTED
    /// without transactions. Two at once do not both make a row, see [`RepositoryExt::find_or_create`].
    fn upsert_with_where(
        &self,
        cx: &CallContext,
        filter: Filter,
        row: E,
    ) -> impl Future<Output = Result<E>> + Send {
        async move {
            let work = |cx: CallContext| {
                let row = row.clone();
                let query = first(self, &filter, 2);
                async move {
                    let found = self.find(&cx, &query).await?;
                    let [present] = found.as_slice() else {
                        return match found.is_empty() {
                            true => self.create(&cx, row).await,
                            false => Err(Error::failed_precondition(format!(
                                "the filter selects several {}, of which only one could be replaced",
                                self.model().entity().plural
                            ))),
                        };
                    };
                    let model = self.model();
                    let key = model.key_of(&present.encode())?;
                    let row = model.with_key(model.canonical(row.encode())?, &key)?;
                    self.replace_by_id(&cx, &key, E::decode(row.0)?).await
                }
            };
            self.transaction(cx, &alone(cx), work).await
        }
    }

    /// The first row that a filter selects, by key; when there is none, stores `row`. Answers whether it did.
    ///
    /// Two at once make one row between them: both run in a serializable transaction, of which one is tried again. In a
    /// transaction already they are as isolated as that one.
    ///
    /// ALREADY_EXISTS when a unique value is taken by a row that the filter does not select; UNIMPLEMENTED without
    /// transactions.
    fn find_or_create(
        &self,
        cx: &CallContext,
        filter: Filter,
        row: E,
    ) -> impl Future<Output = Result<(E, bool)>> + Send {
        async move {
            let work = |cx: CallContext| {
                let row = row.clone();
                let query = first(self, &filter, 1);
                async move {
                    match self.find(&cx, &query).await?.pop() {
                        Some(found) => Ok((found, false)),
                        None => Ok((self.create(&cx, row).await?, true)),
                    }
                }
            };
            self.transaction(cx, &alone(cx), work).await
        }
    }

    /// Removes a row by its key.
    ///
    /// INVALID_ARGUMENT when the row has no key; NOT_FOUND when there is none.
    fn delete(&self, cx: &CallContext, row: &E) -> impl Future<Output = Result<()>> + Send {
        let key = self.model().key_of(&row.encode());
        async move { self.delete_by_id(cx, &key?).await }
    }

    /// Removes the row of a key.
    ///
    /// NOT_FOUND when there is none.
    fn delete_by_id(&self, cx: &CallContext, key: &Key) -> impl Future<Output = Result<()>> + Send {
        let model = self.model().clone();
        let missing = key.clone();
        let check = move |row: Option<&E>| match row {
            Some(_) => Ok(()),
            None => Err(model.not_found(&missing)),
        };
        let write = Write::Delete {
            key: key.clone(),
            check: Box::new(check),
        };
        async move {
            self.write(cx, vec![write]).await?;
            Ok(())
        }
    }

    /// [`Repository::begin`] by its LoopBack name.
    fn begin_transaction(
        &self,
        cx: &CallContext,
        options: &TransactionOptions,
    ) -> impl Future<Output = Result<Transaction>> + Send {
        async move { self.begin(cx, options).await }
    }

    /// Runs `work` in a transaction of the datasource of these rows, as
    /// [`ConnectorExt::transaction`](crate::ConnectorExt::transaction) does.
    fn transaction<T, Work, Fut>(
        &self,
        cx: &CallContext,
        options: &TransactionOptions,
        work: Work,
    ) -> impl Future<Output = Result<T>> + Send
    where
        Work: Fn(CallContext) -> Fut + Send + Sync,
        Fut: Future<Output = Result<T>> + Send,
        T: Send,
    {
        async move { transaction::run(cx, options, || self.begin(cx, options), work).await }
    }
}

impl<E: Entity, R: Repository<E> + ?Sized> RepositoryExt<E> for R {}

/// The first rows of a filter, by key.
fn first<E: Entity, R: Repository<E> + ?Sized>(rows: &R, filter: &Filter, limit: u32) -> Query {
    let mut query = Query::new(rows.model().key_order().clone());
    query.filter = Some(filter.clone());
    query.limit = Some(limit);
    query
}

/// The options of what must find the rows as if nobody else were there.
fn alone(cx: &CallContext) -> TransactionOptions {
    let options = TransactionOptions::new();
    match InTransaction::of(cx) {
        Some(_) => options,
        None => options.isolation(Isolation::Serializable).attempts(20),
    }
}

fn one<E>(rows: Vec<Option<E>>) -> Result<E> {
    rows.into_iter()
        .flatten()
        .next()
        .ok_or_else(|| Error::internal_error("a write answered no row"))
}
