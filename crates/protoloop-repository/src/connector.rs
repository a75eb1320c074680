//! Where rows are stored.

use std::{fmt, sync::Arc};

use protoloop_core::{BoxFuture, Result};

use crate::{Model, Record, Repository};

/// A store of rows: a database, or the memory of the process.
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// What it is, for messages and logs: `memory`, `sqlite`.
    fn name(&self) -> &str;

    /// Makes the store fit for these models: creates what is missing, changes nothing that would lose data.
    /// Called once, before any [`Connector::repository`], with every model of the datasource.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when a present table does not fit, UNAVAILABLE when the store is not reached. All problems
    /// of a run are in one message.
    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>>;

    /// The rows of one of the prepared models. Repositories of one model share their rows.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the model was not prepared.
    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>>;

    /// Whether the store answers, for readiness.
    ///
    /// # Errors
    /// UNAVAILABLE when it does not.
    fn ping(&self) -> BoxFuture<'_, Result<()>>;

    /// Finishes what is under way and lets go of the store. Later calls of its repositories are UNAVAILABLE, or work on
    /// when the store needs no closing.
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<C: Connector + ?Sized> Connector for Arc<C> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        (**self).prepare(models)
    }

    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        (**self).repository(model)
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        (**self).ping()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        (**self).close()
    }
}
