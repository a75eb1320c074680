//! Where rows are stored.

use std::{fmt, future::Future, sync::Arc};

use protoloop_core::{BoxFuture, CallContext, Result, observe::Connections};

use crate::{
    Capabilities, Model, Record, Repository, Transaction, TransactionOptions, transaction,
};

/// What a start does about a store whose tables do not fit the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnStart {
    /// Brings them to the models, as far as no data is lost, and refuses what is left.
    Apply,
    /// Makes the tables of an empty database, and refuses one that does not fit.
    Create,
    /// Changes nothing, and refuses a store that does not fit.
    Check,
}

/// A store of rows: a database, or the memory of the process.
pub trait Connector: fmt::Debug + Send + Sync + 'static {
    /// What it is, for messages and logs: `memory`, `sqlite`.
    fn name(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Makes the store fit for these models, as far as the connector does so by itself: a file is brought to the models
    /// ([`OnStart::Apply`]), a database server only when it is empty ([`OnStart::Create`]). Nothing is changed that would
    /// lose data. Called before any [`Connector::repository`], with every model of the datasource.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when a present table does not fit, UNAVAILABLE when the store is not reached. All problems
    /// of a run are in one message.
    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>>;

    /// The same, going as far as `how` says. A store without a schema of its own is always fit.
    ///
    /// # Errors
    /// As [`Connector::prepare`].
    fn prepare_as<'a>(
        &'a self,
        models: &'a [Arc<Model>],
        how: OnStart,
    ) -> BoxFuture<'a, Result<()>> {
        let _ = how;
        self.prepare(models)
    }

    /// The rows of one of the prepared models. Repositories of one model share their rows.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the model was not prepared.
    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>>;

    /// Begins a transaction: what is called with its [`Transaction::cx`] works inside. In a transaction of this
    /// connector already it sets a savepoint.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the context carries a transaction of another connector, or one that cannot hold what the
    /// options ask; UNAVAILABLE or INTERNAL from the store; DEADLINE_EXCEEDED when waiting for others took too long.
    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>>;

    /// Whether the store answers, for readiness.
    ///
    /// # Errors
    /// UNAVAILABLE when it does not.
    fn ping(&self) -> BoxFuture<'_, Result<()>>;

    /// Its connections at this moment, for metrics; `None` of a store without any.
    fn connections(&self) -> Option<Connections> {
        None
    }

    /// Finishes what is under way and lets go of the store. Later calls of its repositories are UNAVAILABLE, or work on
    /// when the store needs no closing.
    fn close(&self) -> BoxFuture<'_, ()>;
}

impl<C: Connector + ?Sized> Connector for Arc<C> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        (**self).prepare(models)
    }

    fn prepare_as<'a>(
        &'a self,
        models: &'a [Arc<Model>],
        how: OnStart,
    ) -> BoxFuture<'a, Result<()>> {
        (**self).prepare_as(models, how)
    }

    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        (**self).repository(model)
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        (**self).begin(cx, options)
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        (**self).ping()
    }

    fn connections(&self) -> Option<Connections> {
        (**self).connections()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        (**self).close()
    }
}

/// What every connector can do by what it is made of.
pub trait ConnectorExt: Connector {
    /// Runs `work` in a transaction: commits it when that goes well, rolls it back when it fails, panics or is dropped,
    /// and runs it again after a serialization failure, as the options say and while the call's deadline allows. In a
    /// transaction already it runs within a savepoint, once.
    ///
    /// ```text
    /// connector.transaction(&cx, &TransactionOptions::new(), |cx| async move { … }).await?
    /// ```
    ///
    /// Fails as [`Connector::begin`], [`Transaction::commit`], and as `work` does.
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

impl<C: Connector + ?Sized> ConnectorExt for C {}
