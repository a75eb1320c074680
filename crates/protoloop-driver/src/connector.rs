//! The connector.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use protoloop_core::{BoxFuture, CallContext, Error, Result, observe::Connections};
use protoloop_migrate::{Desired, Migrator, Options as MigrateOptions, Quiet};
use protoloop_repository::{
    Capabilities, Connector, Gathered, Model, OnStart, Record, Repository, Transaction,
    TransactionOptions,
};
use protoloop_sql::Table;

use crate::{
    Driver, Failure, Link as _, Pool, PoolOptions, gather::Gathers, repository::ServerRepository,
    transaction,
};

/// An extension of a call's context: its reads go to the server that takes the writes, so that they see all that was
/// acknowledged before.
#[derive(Clone, Copy, Debug)]
pub struct ReadFromPrimary;

/// Rows in a database server.
#[derive(Debug)]
pub struct ServerConnector<D: Driver> {
    server: Arc<Server<D>>,
    tables: RwLock<HashMap<Arc<str>, Prepared<D>>>,
}

/// A table that is ready, and the reads that wait for its rows.
#[derive(Debug)]
struct Prepared<D: Driver> {
    table: Arc<Table>,
    gathers: Option<Arc<Gathers<D>>>,
}

/// A server and, where there is one, a copy of it that only reads.
#[derive(Debug)]
pub(crate) struct Server<D: Driver> {
    pub(crate) primary: Arc<Pool<D>>,
    pub(crate) replica: Option<Arc<Pool<D>>>,
}

impl<D: Driver> Server<D> {
    /// Where a read outside of transactions goes.
    pub(crate) fn readers(&self, cx: &CallContext) -> &Arc<Pool<D>> {
        match &self.replica {
            Some(replica) if cx.extensions().get::<ReadFromPrimary>().is_none() => replica,
            _ => &self.primary,
        }
    }
}

impl<D: Driver> ServerConnector<D> {
    /// A connector over a server, of which no connection is open yet. Reads outside of transactions go to the replica,
    /// where there is one, unless the context says [`ReadFromPrimary`].
    #[must_use]
    pub fn new(driver: D, replica: Option<D>, options: &PoolOptions) -> Self {
        let pool = |driver| Pool::new(Arc::new(driver), options.clone());
        Self {
            server: Arc::new(Server {
                replica: replica.map(pool),
                primary: pool(driver),
            }),
            tables: RwLock::default(),
        }
    }

    /// Its driver.
    #[must_use]
    pub fn driver(&self) -> &D {
        self.server.primary.driver()
    }

    pub(crate) fn server(&self) -> &Arc<Server<D>> {
        &self.server
    }

    /// How many reads by key shared a statement until now.
    #[must_use]
    pub fn gathered(&self) -> Gathered {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let gathers = tables.values().filter_map(|found| found.gathers.as_ref());
        gathers.fold(Gathered::default(), |all, gathers| all + gathers.gathered())
    }

    async fn prepare_all(&self, models: &[Arc<Model>], how: OnStart) -> Result<()> {
        self.capabilities().check(self.name(), models)?;
        let desired = Desired::new(models, self.driver().dialect())?;
        let migrator = Migrator::new(self, &desired, MigrateOptions::default());
        migrator.start(how, &mut Quiet).await?;
        let mut prepared = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        for table in desired.into_tables() {
            let name = Arc::clone(&table.model().message().full_name);
            let table = Arc::new(table);
            let gathers = Gathers::new(&table, &self.server);
            prepared.insert(name, Prepared { table, gathers });
        }
        Ok(())
    }

    async fn check(&self) -> Result<()> {
        let mut lease = self.server.primary.take().await?;
        loop {
            lease.working();
            let outcome = lease.ping().await.map_err(Failure::from);
            if !lease.replaced(&outcome).await {
                lease.done(&outcome);
                return Ok(outcome?);
            }
        }
    }

    async fn close_all(&self) {
        self.server.primary.close().await;
        if let Some(replica) = &self.server.replica {
            replica.close().await;
        }
    }

    /// The datasource, as the models name it that are stored here.
    fn datasource(&self) -> Arc<str> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let mut named = tables.values();
        match named.next() {
            Some(found) => Arc::clone(&found.table.model().entity().datasource),
            None => self.name().into(),
        }
    }
}

impl<D: Driver> Connector for ServerConnector<D> {
    fn name(&self) -> &str {
        self.server.primary.driver().name()
    }

    fn capabilities(&self) -> Capabilities {
        self.server.primary.driver().capabilities()
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.prepare_all(models, OnStart::Create))
    }

    fn prepare_as<'a>(
        &'a self,
        models: &'a [Arc<Model>],
        how: OnStart,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.prepare_all(models, how))
    }

    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let prepared = tables.get(model.full_name()).ok_or_else(|| {
            Error::failed_precondition(format!(
                "{} was not prepared in the {} connector",
                model.full_name(),
                self.name(),
            ))
        })?;
        Ok(Arc::new(ServerRepository::new(
            Arc::clone(&prepared.table),
            Arc::clone(&self.server),
            prepared.gathers.clone(),
        )))
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        Box::pin(transaction::begin(
            &self.server,
            cx,
            options,
            self.datasource(),
        ))
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.check())
    }

    fn connections(&self) -> Option<Connections> {
        let mut all = self.server.primary.connections();
        if let Some(replica) = &self.server.replica {
            let more = replica.connections();
            all.most += more.most;
            all.used += more.used;
            all.idle += more.idle;
        }
        Some(all)
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.close_all())
    }
}
