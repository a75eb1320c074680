//! The everyday methods of a repository.

use std::future::Future;

use protoloop_core::{CallContext, Error, Result};

use crate::{Entity, Filter, Key, Query, Repository, TransactionOptions, Write, transaction};

/// Methods over [`Repository`], with LoopBack's names.
///
/// They store rows as given. For ids, times and etags put [`Stamped`](crate::Stamped) in front, as an application's
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

    /// Stores a row, in the place of the one with its key where there is one.
    ///
    /// INVALID_ARGUMENT when the row has no key; ALREADY_EXISTS when a unique value is taken.
    fn save(&self, cx: &CallContext, row: E) -> impl Future<Output = Result<E>> + Send {
        async move {
            let write = Write::Modify {
                key: self.model().key_of(&row.encode())?,
                edit: Box::new(move |_| Ok(row.clone())),
            };
            one(self.write(cx, vec![write]).await?)
        }
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

fn one<E>(rows: Vec<Option<E>>) -> Result<E> {
    rows.into_iter()
        .flatten()
        .next()
        .ok_or_else(|| Error::internal_error("a write answered no row"))
}
