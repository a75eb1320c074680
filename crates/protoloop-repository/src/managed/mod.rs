//! The repository that everybody works with: a connector's, with what holds for every row of the model put in front.
//!
//! [`Managed`] fills ids, defaults, times, subjects, versions and etags on every write; lets callers meet only rows of
//! their tenant; marks instead of removing where a model is deleted softly. The standard engine and code that works by
//! hand go through the same one, so rows look alike whoever wrote them. For a model that asks for nothing of it a read is
//! passed on as it is.

mod act;
mod attempt;
mod guard;
mod keyed;
mod stamp;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use protoloop_core::{BoxFuture, CallContext, Error, Result};

pub(crate) use act::Act;
pub(crate) use guard::Guard;
pub use guard::ShowDeleted;
use guard::both;
use stamp::Stamp;

use crate::{
    Changes, Cursor, Executed, Filter, GroupBy, GroupQuery, Key, Model, OrderBy, Query, Record,
    Repository, RowStream, Transaction, TransactionOptions, Value, Write, WriteError, pages,
};

/// A connector's repository with ids, stamps, tenant and soft delete in front of it.
pub struct Managed {
    inner: Arc<dyn Repository<Record>>,
    /// Whether a query that follows a relation may meet rows that the caller must not see.
    any_guarded: bool,
}

impl Managed {
    /// Manages the rows of a connector's repository.
    #[must_use]
    pub fn new(inner: Arc<dyn Repository<Record>>) -> Self {
        let entities = inner.model().schema().entities();
        Self {
            any_guarded: entities
                .iter()
                .any(|entity| entity.tenant_key.is_some() || entity.delete_time.is_some()),
            inner,
        }
    }

    /// Does what the acts say, all or none; with `validate_only` everything but that.
    ///
    /// Answers as [`Repository::write`]: for a soft delete the marked row.
    pub(crate) async fn act(
        &self,
        cx: &CallContext,
        acts: Vec<Act>,
        validate_only: bool,
    ) -> Result<Vec<Option<Record>>, WriteError> {
        let stamp = Stamp::new(self.model(), cx)?;
        let scope = self.model().tenant_scope(cx)?;
        let mut writes = Vec::with_capacity(acts.len());
        for (index, act) in acts.into_iter().enumerate() {
            let write = act.prepared(&stamp, scope.as_ref());
            writes.push(write.map_err(|error| WriteError::at(index, error))?);
        }
        match validate_only {
            true => attempt::attempt(&*self.inner, cx, writes).await,
            false => self.inner.write(cx, writes).await,
        }
    }

    /// Removes every row of the caller's tenant that a filter selects for good; where the model is deleted softly, the
    /// marked ones only. Answers how many there were.
    pub(crate) async fn purge(&self, cx: &CallContext, filter: Option<Filter>) -> Result<u64> {
        let mut filter = filter;
        if let Some(filter) = &mut filter {
            filter.scope_related(&|model| model.seen_rows(cx))?;
        }
        let marked = self.model().guard().deleted.clone();
        let marked = marked.map(|path| Filter::Has { path });
        let filter = both(self.model().tenant_scope(cx)?, both(marked, filter));
        self.inner.delete_all(cx, filter.as_ref()).await
    }

    /// INVALID_ARGUMENT when a row that the caller sends names another's tenant.
    pub(crate) fn check_tenant(&self, cx: &CallContext, row: &Record) -> Result<()> {
        match self.model().guard().tenant {
            Some(_) => Stamp::new(self.model(), cx)?.check_tenant(row),
            None => Ok(()),
        }
    }

    /// The filter with what the caller may see.
    fn seen(&self, cx: &CallContext, filter: Option<Filter>) -> Result<Option<Filter>> {
        let mut filter = filter;
        if let Some(filter) = &mut filter {
            filter.scope_related(&|model| model.seen_rows(cx))?;
        }
        Ok(both(self.model().seen_rows(cx)?, filter))
    }

    fn seen_query(&self, cx: &CallContext, query: &Query) -> Result<Query> {
        let mut query = query.clone();
        query.filter = self.seen(cx, query.filter.take())?;
        query.order.scope_related(&|model| model.seen_rows(cx))?;
        Ok(query)
    }
}

impl std::fmt::Debug for Managed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Managed")
            .field(&self.inner.model().full_name())
            .finish()
    }
}

impl Repository<Record> for Managed {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        if !self.any_guarded {
            return self.inner.find(cx, query);
        }
        Box::pin(async move { self.inner.find(cx, &self.seen_query(cx, query)?).await })
    }

    /// A row that is marked as deleted is found by its key (AIP-164).
    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        if self.model().guard().tenant.is_none() {
            return self.inner.find_by_ids(cx, keys);
        }
        Box::pin(async move {
            match self.model().tenant_scope(cx)? {
                Some(scope) => keyed::find_within(&*self.inner, cx, keys, &scope).await,
                None => self.inner.find_by_ids(cx, keys).await,
            }
        })
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        if self.model().guard().tenant.is_none() {
            return self.inner.find_by_key(cx, key);
        }
        Box::pin(async move {
            match self.model().tenant_scope(cx)? {
                Some(scope) => {
                    let keys = std::slice::from_ref(key);
                    let mut found = keyed::find_within(&*self.inner, cx, keys, &scope).await?;
                    Ok(found.pop().flatten())
                }
                None => self.inner.find_by_key(cx, key).await,
            }
        })
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        if !self.any_guarded {
            return self.inner.find_grouped(cx, query);
        }
        Box::pin(async move {
            let mut query = query.clone();
            query.query = self.seen_query(cx, &query.query)?;
            if let GroupBy::Through(linked) = &mut query.by
                && let Some(seen) = linked.model.seen_rows(cx)?
            {
                linked.scope = Filter::And(vec![seen, linked.scope.clone()]);
            }
            self.inner.find_grouped(cx, &query).await
        })
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        if !self.any_guarded {
            return self.inner.count(cx, filter);
        }
        Box::pin(async move {
            let filter = self.seen(cx, filter.cloned())?;
            self.inner.count(cx, filter.as_ref()).await
        })
    }

    /// A model that is deleted softly only marks the rows of a [`Write::Delete`] and of an alteration that removes; a
    /// marked row cannot be changed, which is FAILED_PRECONDITION.
    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(async move {
            let acts = writes.into_iter().map(Act::Write).collect();
            self.act(cx, acts, false).await
        })
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<Cursor>> {
        if !self.any_guarded || !order.is_related() {
            return self.inner.place(cx, order, row);
        }
        Box::pin(async move {
            let mut order = order.clone();
            order.scope_related(&|model| model.seen_rows(cx))?;
            self.inner.place(cx, &order, row).await
        })
    }

    /// INVALID_ARGUMENT for changes of what the server writes once.
    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let changes = Stamp::new(self.model(), cx)?.changes(changes)?;
            let filter = self.seen(cx, filter.cloned())?;
            self.inner.update_all(cx, filter.as_ref(), &changes).await
        })
    }

    /// A model that is deleted softly only marks the rows.
    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            let filter = self.seen(cx, filter.cloned())?;
            let filter = filter.as_ref();
            match self.model().guard().deleted {
                Some(_) => {
                    let marks = Stamp::new(self.model(), cx)?.marks();
                    self.inner.update_all(cx, filter, &marks).await
                }
                None => self.inner.delete_all(cx, filter).await,
            }
        })
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        match self.any_guarded {
            // Page by page, each of which asks for what the caller may see.
            true => pages(self, cx, query),
            false => self.inner.stream(cx, query),
        }
    }

    /// PERMISSION_DENIED where rows belong to tenants, unless the caller works with all of them: a statement of one's own
    /// asks for no tenant by itself.
    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        let refused = match self.model().tenant(cx) {
            Ok(None) => return self.inner.execute(cx, statement, parameters),
            Ok(Some(_)) => Error::permission_denied(format!(
                "{} belong to tenants; only a caller of all tenants runs statements on them",
                self.model().entity().plural
            )),
            Err(error) => error,
        };
        Box::pin(std::future::ready(Err(refused)))
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        self.inner.begin(cx, options)
    }
}
