//! Access to the rows of one model.

use std::{fmt, sync::Arc};

use protoloop_core::{BoxFuture, CallContext, Error, Result};

use crate::{
    Changes, Cursor, Entity, Executed, Filter, GroupQuery, Key, Model, OrderBy, Query, Record,
    RowStream, Transaction, TransactionOptions, Value,
    bulk::{delete_each, pages, update_each},
    group,
    managed::keyed,
};

/// The rows of one model in one datasource.
///
/// This is what a connector, or a user's own store, implements; [`RepositoryExt`](crate::RepositoryExt) adds the
/// everyday methods on top. It is used as `Arc<dyn Repository<E>>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no repository of `{E}`",
    note = "implement `protoloop_repository::Repository`, or get one from a connector with `Connector::repository`"
)]
pub trait Repository<E: Entity>: Send + Sync + 'static {
    /// The model.
    fn model(&self) -> &Arc<Model>;

    /// The rows of another model in the same store, as this repository shows its own: for keys that refer to them.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the store does not hold that model; UNIMPLEMENTED of a repository that knows its own
    /// model only.
    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        Err(Error::unimplemented(format!(
            "the repository of {} cannot look for rows of {}, which keys in lists and into several models ask for; \
             implement `Repository::neighbour`, or say `on_delete: NO_ACTION`",
            self.model().full_name(),
            model.full_name()
        )))
    }

    /// The rows that a query selects, in its order.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL from the store.
    fn find<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> BoxFuture<'a, Result<Vec<E>>>;

    /// The rows of these keys, one answer per key, in order.
    ///
    /// # Errors
    /// As [`Repository::find`].
    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<E>>>>;

    /// The row of a key.
    ///
    /// # Errors
    /// As [`Repository::find`].
    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<E>>> {
        Box::pin(async move {
            let mut rows = self.find_by_ids(cx, std::slice::from_ref(key)).await?;
            Ok(rows.pop().flatten())
        })
    }

    /// The rows of several keys that fulfil a condition, in the order of the keys; every statement has the condition.
    ///
    /// # Errors
    /// As [`Repository::find`].
    fn find_within<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
        scope: &'a Filter,
    ) -> BoxFuture<'a, Result<Vec<Option<E>>>> {
        Box::pin(keyed::find_within(self, cx, keys, scope))
    }

    /// The rows of these keys, which nobody removes until the transaction of the context ends; one answer per key, in order.
    /// Others may hold them too, where the store has locks that are shared.
    ///
    /// # Errors
    /// As [`Repository::write`].
    fn hold<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<E>>>> {
        let keep = |key: &Key| Write::Alter {
            key: key.clone(),
            scope: None,
            alter: Box::new(|_| Ok(Alteration::Keep)),
        };
        let writes = keys.iter().map(keep).collect();
        Box::pin(async move { Ok(self.write(cx, writes).await?) })
    }

    /// The rows that belong to each of several keys, in the order of the keys. One statement, or as many as the values
    /// that one may bind ask for.
    ///
    /// # Errors
    /// As [`Repository::find`]; UNIMPLEMENTED for linking rows where the store cannot follow them.
    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<E>>>> {
        group::by_find(self, cx, query)
    }

    /// The number of rows that a filter selects; of all rows without one.
    ///
    /// # Errors
    /// As [`Repository::find`].
    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>>;

    /// The place of a row in an order, for the next page: [`Cursor::of_row`], with the values of related rows where the
    /// order leads to them.
    ///
    /// # Errors
    /// As [`Repository::find`]; UNIMPLEMENTED from a repository that cannot order by related rows.
    fn place<'a>(
        &'a self,
        _cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a E,
    ) -> BoxFuture<'a, Result<Cursor>> {
        let place = match order.is_related() {
            false => Ok(Cursor::of_row(self.model(), order, &row.encode())),
            true => Err(Error::unimplemented(format!(
                "rows of {} cannot be ordered by related rows",
                self.model().full_name()
            ))),
        };
        Box::pin(std::future::ready(place))
    }

    /// Does the writes in order, all or none, isolated from other writers; one answer per write:
    ///
    /// - [`Write::Create`]: the row as stored, with the key that a SEQUENCE gave it.
    /// - [`Write::Modify`]: the row as stored.
    /// - [`Write::Delete`]: the row that was removed, `None` when there was none.
    /// - [`Write::Alter`]: the row as stored, or that was removed, or that was kept.
    /// - [`Write::Set`]: the row as stored.
    ///
    /// A later write sees what an earlier one of the same call did.
    ///
    /// # Errors
    /// [`WriteError`] names the write that failed. ALREADY_EXISTS ([`Model::duplicate`]) when a key or a unique index
    /// is taken; what an edit or check answered; UNAVAILABLE or INTERNAL from the store. Nothing was changed then.
    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<E>>,
    ) -> BoxFuture<'a, Result<Vec<Option<E>>, WriteError>>;

    /// Changes all rows that a filter selects, of all rows without one; all or none, in one statement where the store has
    /// statements. Answers how many there were.
    ///
    /// # Errors
    /// ALREADY_EXISTS when a unique value is taken or would be taken twice; UNAVAILABLE or INTERNAL from the store;
    /// UNIMPLEMENTED of a repository that has neither such a statement nor transactions. Nothing was changed then.
    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(update_each(self, cx, filter, changes))
    }

    /// Removes all rows that a filter selects, as [`Repository::update_all`] changes them. Answers how many there were.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL from the store; UNIMPLEMENTED as there. Nothing was removed then.
    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(delete_each(self, cx, filter))
    }

    /// The rows that a query selects, in its order, as they come: however many there are, few are in memory at once.
    /// Dropping the stream stops the store. While it is read, rows may change; a store with snapshots shows those of its
    /// beginning.
    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, E> {
        pages(self, cx, query)
    }

    /// Runs a statement in the store's own language, with bound parameters in the order of its placeholders. It passes by
    /// whatever is kept for rows (tenants, stamps, soft delete), so it is for code of the application and never for a
    /// text that a caller sent.
    ///
    /// # Errors
    /// UNIMPLEMENTED of a store without such a language; INVALID_ARGUMENT for a statement that it does not take or that
    /// would end a transaction; as [`Repository::write`].
    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        let _ = (cx, statement, parameters);
        let model = self.model().full_name();
        let error = Error::unimplemented(format!("the store of {model} has no native statements"));
        Box::pin(std::future::ready(Err(error)))
    }

    /// Begins a transaction in the datasource of these rows, as [`Connector::begin`](crate::Connector::begin) does. Any
    /// repository of the same datasource may work in it.
    ///
    /// # Errors
    /// As there; UNIMPLEMENTED of a repository that has no transactions.
    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        let _ = (cx, options);
        let model = self.model().full_name();
        let error = Error::unimplemented(format!("the repository of {model} has no transactions"));
        Box::pin(std::future::ready(Err(error)))
    }
}

/// Makes the new row from the present one (`None` when there is none), within the transaction.
///
/// It may run more than once when the store retries the transaction. The key of the new row must be the one asked for.
pub type Edit<E> = Box<dyn Fn(Option<&E>) -> Result<E> + Send + Sync>;

/// Allows or refuses to delete the present row (`None` when there is none), within the transaction.
pub type Check<E> = Box<dyn Fn(Option<&E>) -> Result<()> + Send + Sync>;

/// Looks at the present row and says what becomes of it, within the transaction; it may run more than once.
pub type Alter<E> = Box<dyn Fn(Option<&E>) -> Result<Alteration<E>> + Send + Sync>;

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration<E> {
    /// It stays as it is.
    Keep,
    /// This row is stored in its place; where there was none, as a new one.
    Put(E),
    /// It is removed, if there is one.
    Remove,
}

/// One change of a row.
pub enum Write<E> {
    /// Stores a new row. With the SEQUENCE strategy an unset (zero) key is assigned by the store.
    Create(E),
    /// Replaces the row of a key by what `edit` makes of it, or stores a new one when there is none.
    Modify {
        /// Which row.
        key: Key,
        /// Makes the new row.
        edit: Edit<E>,
    },
    /// Removes the row of a key.
    Delete {
        /// Which row.
        key: Key,
        /// Allows or refuses.
        check: Check<E>,
    },
    /// Looks at the row of a key, and then keeps, replaces or removes it: what the two above are special cases of.
    Alter {
        /// Which row.
        key: Key,
        /// The only rows that exist for this write: one that does not fulfil it is absent. Every statement that reads,
        /// changes or removes the row carries the condition. It follows no relation.
        scope: Option<Filter>,
        /// Says what becomes of it.
        alter: Alter<E>,
    },
    /// Sets fields of the row of a key that need not be looked at: one statement, where the store has one that answers the
    /// row it changed.
    Set {
        /// Which row.
        key: Key,
        /// What is set.
        changes: Changes,
        /// Only a row that fulfils it is changed unseen. It follows no relation.
        when: Option<Filter>,
        /// As in [`Write::Alter`].
        scope: Option<Filter>,
        /// What is done instead where there is no such row, and by stores without such a statement, as in
        /// [`Write::Alter`]. Of a row that fulfils `when` it makes one that the changes make as well, but for stamps.
        alter: Alter<E>,
    },
}

impl<E> Write<E> {
    /// The same write as one that looks at the row first.
    #[must_use]
    pub fn looking(self) -> Self {
        match self {
            Self::Set {
                key, scope, alter, ..
            } => Self::Alter { key, scope, alter },
            other => other,
        }
    }
}

impl<E: fmt::Debug> fmt::Debug for Write<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create(row) => f.debug_tuple("Create").field(row).finish(),
            Self::Modify { key, .. } => f.debug_struct("Modify").field("key", key).finish(),
            Self::Delete { key, .. } => f.debug_struct("Delete").field("key", key).finish(),
            Self::Alter { key, scope, .. } => f
                .debug_struct("Alter")
                .field("key", key)
                .field("scope", scope)
                .finish_non_exhaustive(),
            Self::Set {
                key, changes, when, ..
            } => f
                .debug_struct("Set")
                .field("key", key)
                .field("changes", changes)
                .field("when", when)
                .finish_non_exhaustive(),
        }
    }
}

/// Why [`Repository::write`] changed nothing.
#[derive(Debug)]
pub struct WriteError {
    /// The position of the write that failed; `None` when it was the transaction as a whole.
    pub index: Option<usize>,
    /// Why.
    pub error: Error,
}

impl WriteError {
    /// The failure of the write at a position.
    #[must_use]
    pub fn at(index: usize, error: Error) -> Self {
        Self {
            index: Some(index),
            error,
        }
    }
}

impl From<Error> for WriteError {
    fn from(error: Error) -> Self {
        Self { index: None, error }
    }
}

impl From<WriteError> for Error {
    fn from(failure: WriteError) -> Self {
        failure.error
    }
}
