//! The repository that everybody works with: a connector's, with what holds for every row of the model put in front.
//!
//! [`Managed`] fills ids, defaults, times, subjects, versions and etags on every write; lets callers meet only rows of
//! their tenant; marks instead of removing where a model is deleted softly. The standard engine and code that works by
//! hand go through the same one, so rows look alike whoever wrote them. For a model that asks for nothing of it a read is
//! passed on as it is.

mod act;
mod attempt;
mod guard;
mod hooks;
mod keeper;
pub(crate) mod keyed;
mod stamp;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use protoloop_core::{BoxFuture, CallContext, Error, Result};

pub(crate) use act::Act;
pub(crate) use guard::Guard;
pub use guard::ShowDeleted;
use guard::both;
use hooks::{Flow, ModelHooks};
pub use hooks::{Hook, HookContext, Hooks, Save};
use keeper::Keeper;
pub(crate) use keyed::is_one_of;
use stamp::Stamp;

use crate::{
    Changes, Cursor, Executed, Filter, GroupBy, GroupQuery, Key, Model, OrderBy, Query, Record,
    Repository, RowStream, Transaction, TransactionOptions, Value, Write, WriteError,
    bulk::{delete_each, update_each},
    pages,
};

/// A connector's repository with ids, stamps, tenant and soft delete in front of it.
pub struct Managed {
    inner: Arc<dyn Repository<Record>>,
    /// Whether a query that follows a relation may meet rows that the caller must not see.
    any_guarded: bool,
    hooks: Option<ModelHooks>,
}

impl Managed {
    /// Manages the rows of a connector's repository.
    #[must_use]
    pub fn new(inner: Arc<dyn Repository<Record>>) -> Self {
        Self::with_hooks(inner, &Hooks::new())
    }

    /// The same, with those hooks around it that are of its model or of every model.
    #[must_use]
    pub fn with_hooks(inner: Arc<dyn Repository<Record>>, hooks: &Hooks) -> Self {
        let entities = inner.model().schema().entities();
        Self {
            any_guarded: entities
                .iter()
                .any(|entity| entity.tenant_key.is_some() || entity.delete_time.is_some()),
            hooks: hooks.of(inner.model()),
            inner: Keeper::around(inner),
        }
    }

    /// Whether reads are more than the connector's.
    fn passes_on(&self) -> bool {
        !self.any_guarded && self.hooks.is_none()
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
        // Collected in the place of the acts.
        let writes = acts.into_iter().enumerate().map(|(index, act)| {
            let write = act.prepared(&stamp, scope.as_ref(), self.hooks.is_none());
            write.map_err(|error| WriteError::at(index, error))
        });
        let writes: Vec<_> = writes.collect::<Result<_, _>>()?;
        if let Some(hooks) = &self.hooks {
            let (inner, stamp) = (&*self.inner, &stamp);
            let flow = Flow {
                inner,
                hooks,
                stamp,
                writes,
            };
            // In boxes: room that a call without hooks does not carry about.
            return match validate_only {
                true => Box::pin(flow.attempt(cx)).await,
                false => Box::pin(flow.run(cx)).await,
            };
        }
        match validate_only {
            true => Box::pin(attempt::attempt(&*self.inner, cx, writes)).await,
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
        let filter = both(marked, filter);
        if self.hooks.is_some() {
            return self.purge_each(cx, filter).await;
        }
        let filter = both(self.model().tenant_scope(cx)?, filter);
        self.inner.delete_all(cx, filter.as_ref()).await
    }

    /// The same row by row, so that the hooks of each are met.
    async fn purge_each(&self, cx: &CallContext, filter: Option<Filter>) -> Result<u64> {
        let transaction = self.inner.begin(cx, &TransactionOptions::new()).await?;
        let mut cx = transaction.cx().clone();
        cx.extensions_mut().insert(ShowDeleted);
        let mut query = Query::new(self.model().key_order().clone());
        query.filter = filter;
        let rows = self.find(&cx, &query).await?;
        let keys: Result<Vec<Key>> = rows
            .iter()
            .map(|row| self.model().key_of(row.as_ref()))
            .collect();
        let acts: Vec<Act> = keys?.into_iter().map(|key| Act::Purge { key }).collect();
        let count = acts.len() as u64;
        self.act(&cx, acts, false).await?;
        transaction.commit().await?;
        Ok(count)
    }

    /// INVALID_ARGUMENT when a row that the caller sends names another's tenant.
    pub(crate) fn check_tenant(&self, cx: &CallContext, row: &Record) -> Result<()> {
        match self.model().guard().tenant {
            Some(_) => Stamp::new(self.model(), cx)?.check_tenant(row),
            None => Ok(()),
        }
    }

    /// One answer per key, of the rows that the caller may see.
    async fn find_keys(&self, cx: &CallContext, keys: &[Key]) -> Result<Vec<Option<Record>>> {
        let (inner, scope) = (&*self.inner, self.model().tenant_scope(cx)?);
        match (&self.hooks, scope) {
            (Some(hooks), scope) => {
                keyed::find_hooked(inner, cx, keys, scope.as_ref(), hooks).await
            }
            (None, Some(scope)) => inner.find_within(cx, keys, &scope).await,
            (None, None) => inner.find_by_ids(cx, keys).await,
        }
    }

    /// The filter with what hooks add, and what the caller may see.
    async fn seen(&self, cx: &CallContext, filter: Option<Filter>) -> Result<Option<Filter>> {
        let mut query = Query::new(self.model().key_order().clone());
        query.filter = filter;
        if let Some(hooks) = &self.hooks {
            hooks.before_query(cx, &mut query).await?;
        }
        self.seen_filter(cx, query.filter)
    }

    fn seen_filter(&self, cx: &CallContext, filter: Option<Filter>) -> Result<Option<Filter>> {
        let mut filter = filter;
        if let Some(filter) = &mut filter {
            filter.scope_related(&|model| model.seen_rows(cx))?;
        }
        Ok(both(self.model().seen_rows(cx)?, filter))
    }

    async fn seen_query(&self, cx: &CallContext, query: &Query) -> Result<Query> {
        let mut query = query.clone();
        if let Some(hooks) = &self.hooks {
            hooks.before_query(cx, &mut query).await?;
            // Hooks of loading are given whole rows.
            query.fields = None;
        }
        query.filter = self.seen_filter(cx, query.filter.take())?;
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

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        self.inner.neighbour(model)
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        if self.passes_on() {
            return self.inner.find(cx, query);
        }
        Box::pin(async move {
            let query = self.seen_query(cx, query).await?;
            let mut rows = self.inner.find(cx, &query).await?;
            if let Some(hooks) = &self.hooks {
                hooks.loaded(cx, &mut rows).await?;
            }
            Ok(rows)
        })
    }

    /// A row that is marked as deleted is found by its key (AIP-164).
    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        if self.hooks.is_none() && self.model().guard().tenant.is_none() {
            return self.inner.find_by_ids(cx, keys);
        }
        Box::pin(self.find_keys(cx, keys))
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        if self.hooks.is_none() && self.model().guard().tenant.is_none() {
            return self.inner.find_by_key(cx, key);
        }
        Box::pin(async move {
            let mut found = self.find_keys(cx, std::slice::from_ref(key)).await?;
            Ok(found.pop().flatten())
        })
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        if self.passes_on() {
            return self.inner.find_grouped(cx, query);
        }
        Box::pin(async move {
            let mut query = query.clone();
            query.query = self.seen_query(cx, &query.query).await?;
            if let GroupBy::Through(linked) = &mut query.by
                && let Some(seen) = linked.model.seen_rows(cx)?
            {
                linked.scope = Filter::And(vec![seen, linked.scope.clone()]);
            }
            let mut groups = self.inner.find_grouped(cx, &query).await?;
            if let Some(hooks) = &self.hooks {
                for rows in &mut groups {
                    hooks.loaded(cx, rows).await?;
                }
            }
            Ok(groups)
        })
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        if self.passes_on() {
            return self.inner.count(cx, filter);
        }
        Box::pin(async move {
            let filter = self.seen(cx, filter.cloned()).await?;
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
            let stamped = Stamp::new(self.model(), cx)?.changes(changes)?;
            if self.hooks.is_some() {
                // Row by row, so that the hooks of each are met.
                return update_each(self, cx, filter, changes).await;
            }
            let changes = stamped;
            let filter = self.seen(cx, filter.cloned()).await?;
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
            if self.hooks.is_some() {
                return delete_each(self, cx, filter).await;
            }
            let filter = self.seen(cx, filter.cloned()).await?;
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
        match self.passes_on() {
            true => self.inner.stream(cx, query),
            // Page by page, each of which asks for what the caller may see.
            false => pages(self, cx, query),
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
