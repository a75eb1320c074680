//! What an application does around the rows of a model.

mod flow;
mod typed;

use std::{
    collections::HashMap,
    fmt,
    future::{Future, ready},
    ops::Deref,
    sync::{Arc, OnceLock, Weak},
};

use protoloop_core::{CallContext, Error, Result};

use super::Managed;
use crate::{Entity, Model, Query, Record};
pub(super) use flow::Flow;
use typed::{Dispatch, Typed};

/// What is done before and after rows of a model are saved, deleted, loaded or asked for. Every method does nothing unless
/// it is written.
///
/// Everybody who works with rows meets the hooks: standard methods over every protocol, batches, and code with its
/// repositories. Those of a write run in its transaction, so that what they write by [`HookContext`] stands or falls
/// with it; they may run again when the transaction is repeated. An error refuses the call, with everything in it.
///
/// Hooks see a row as it is stored, hidden fields included, and its ids, times and subjects filled in. What they change is
/// stamped again; the tenant and what else the server writes once stays as it was.
#[allow(unused_variables, reason = "for those who write one")]
pub trait Hook<E: Entity>: Send + Sync + 'static {
    /// Before rows are read, counted, changed or deleted: may add to the condition, or refuse. The tenant's condition is
    /// added behind it. For a row that is asked for by its key the condition is on the key.
    fn before_query(
        &self,
        cx: &HookContext<'_>,
        query: &mut Query,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After rows were read for a caller: may change what the caller sees of them, or refuse.
    fn loaded(
        &self,
        cx: &HookContext<'_>,
        rows: &mut Vec<E>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Before a row is stored, new or in the place of another: may change it, or refuse.
    fn before_save(
        &self,
        cx: &HookContext<'_>,
        save: &mut Save<E>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After a row was stored, before the transaction is committed.
    fn after_save(
        &self,
        cx: &HookContext<'_>,
        save: &Save<E>,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// Before a row is removed, or marked as deleted: may refuse.
    fn before_delete(
        &self,
        cx: &HookContext<'_>,
        row: &E,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }

    /// After a row was removed or marked, before the transaction is committed.
    fn after_delete(
        &self,
        cx: &HookContext<'_>,
        row: &E,
    ) -> impl Future<Output = Result<()>> + Send {
        ready(Ok(()))
    }
}

/// A row that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Save<E> {
    /// The row as it is to be stored, or as it was.
    pub row: E,
    previous: Option<E>,
}

impl<E> Save<E> {
    /// The row that was there before; `None` for a new one.
    #[must_use]
    pub fn previous(&self) -> Option<&E> {
        self.previous.as_ref()
    }

    /// Whether there was no row before.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.previous.is_none()
    }
}

/// The call that a hook works for: the call's context, in a write with the transaction in it.
#[derive(Clone, Copy)]
pub struct HookContext<'a> {
    call: &'a CallContext,
    model: &'a Arc<Model>,
    repositories: &'a Repositories,
}

impl HookContext<'_> {
    /// The model whose rows it is about.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        self.model
    }

    /// The context of the call, for what takes one. What is called with it works in the transaction of the write.
    #[must_use]
    pub fn call(&self) -> &CallContext {
        self.call
    }

    /// The rows of another model by its full name, `shop.v1.AuditEntry`; that model's hooks are met as well.
    ///
    /// # Errors
    /// INTERNAL when the application has no such model.
    pub fn records(&self, model: &str) -> Result<Arc<Managed>> {
        let found = self.repositories.0.get().and_then(|all| all.get(model));
        found.and_then(Weak::upgrade).ok_or_else(|| {
            Error::internal_error(format!("{model} is not a model that hooks can reach"))
        })
    }
}

impl crate::Repositories for HookContext<'_> {
    fn records(&self, model: &str) -> Result<Arc<dyn crate::Repository<Record>>> {
        Ok(HookContext::records(self, model)?)
    }
}

impl Deref for HookContext<'_> {
    type Target = CallContext;

    fn deref(&self) -> &CallContext {
        self.call
    }
}

impl fmt::Debug for HookContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HookContext")
            .field("model", &self.model.full_name())
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// The managed repositories of an application, known once all are made. They own the hooks, so they are not owned here.
#[derive(Clone, Default)]
struct Repositories(Arc<OnceLock<HashMap<Box<str>, Weak<Managed>>>>);

/// The hooks of an application, in the order in which they run.
#[derive(Clone, Default)]
pub struct Hooks {
    entries: Vec<Entry>,
    repositories: Repositories,
}

/// A hook, and the model that it is of; of every model where it names none.
#[derive(Clone)]
struct Entry {
    model: Option<Box<str>>,
    hook: Arc<dyn Dispatch>,
}

impl Hooks {
    /// No hooks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a hook of the model of a full name, `shop.v1.Book`. `E` is how it wants to hold rows: the generated message,
    /// or [`Record`].
    #[must_use]
    pub fn on<E: Entity>(mut self, model: impl Into<Box<str>>, hook: impl Hook<E>) -> Self {
        let hook = Arc::new(Typed::<E, _>::new(hook));
        let model = Some(model.into());
        self.entries.push(Entry { model, hook });
        self
    }

    /// Adds a hook of every model.
    #[must_use]
    pub fn on_all(mut self, hook: impl Hook<Record>) -> Self {
        let hook = Arc::new(Typed::<Record, _>::new(hook));
        self.entries.push(Entry { model: None, hook });
        self
    }

    /// Full names of the models that a hook was added for.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .filter_map(|entry| entry.model.as_deref())
    }

    /// Lets hooks find the repositories; said once, when all of them are made.
    pub fn connect<'a>(&self, repositories: impl IntoIterator<Item = &'a Arc<Managed>>) {
        let named = repositories.into_iter().map(|managed| {
            let name = managed.inner.model().full_name();
            (Box::from(name), Arc::downgrade(managed))
        });
        // A second word changes nothing.
        let _ = self.repositories.0.set(named.collect());
    }

    /// Those of one model; `None` when it has none.
    pub(super) fn of(&self, model: &Arc<Model>) -> Option<ModelHooks> {
        let name = model.full_name();
        let hooks = self.entries.iter();
        let hooks =
            hooks.filter(|entry| entry.model.as_deref().is_none_or(|wanted| wanted == name));
        let hooks: Box<[_]> = hooks.map(|entry| Arc::clone(&entry.hook)).collect();
        (!hooks.is_empty()).then(|| ModelHooks {
            model: Arc::clone(model),
            hooks,
            repositories: self.repositories.clone(),
        })
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self.entries.iter().map(|entry| entry.model.as_deref());
        f.debug_list().entries(models).finish()
    }
}

/// The hooks of one model.
pub(super) struct ModelHooks {
    model: Arc<Model>,
    hooks: Box<[Arc<dyn Dispatch>]>,
    repositories: Repositories,
}

impl ModelHooks {
    fn context<'a>(&'a self, call: &'a CallContext) -> HookContext<'a> {
        HookContext {
            call,
            model: &self.model,
            repositories: &self.repositories,
        }
    }

    pub(super) async fn before_query(&self, cx: &CallContext, query: &mut Query) -> Result<()> {
        let cx = self.context(cx);
        for hook in &self.hooks {
            hook.before_query(&cx, query).await?;
        }
        Ok(())
    }

    pub(super) async fn loaded(&self, cx: &CallContext, rows: &mut Vec<Record>) -> Result<()> {
        let cx = self.context(cx);
        let count = rows.len();
        for hook in &self.hooks {
            hook.loaded(&cx, rows).await?;
            if rows.len() != count {
                let name = self.model.full_name();
                let what = format!("a hook of {name} changed the number of loaded rows");
                return Err(Error::internal_error(what));
            }
        }
        Ok(())
    }

    async fn before_save(&self, cx: &CallContext, save: &mut Save<Record>) -> Result<()> {
        let cx = self.context(cx);
        for hook in &self.hooks {
            hook.before_save(&cx, save).await?;
        }
        Ok(())
    }

    async fn after_save(&self, cx: &CallContext, save: &Save<Record>) -> Result<()> {
        let cx = self.context(cx);
        for hook in &self.hooks {
            hook.after_save(&cx, save).await?;
        }
        Ok(())
    }

    async fn before_delete(&self, cx: &CallContext, row: &Record) -> Result<()> {
        let cx = self.context(cx);
        for hook in &self.hooks {
            hook.before_delete(&cx, row).await?;
        }
        Ok(())
    }

    async fn after_delete(&self, cx: &CallContext, row: &Record) -> Result<()> {
        let cx = self.context(cx);
        for hook in &self.hooks {
            hook.after_delete(&cx, row).await?;
        }
        Ok(())
    }
}
