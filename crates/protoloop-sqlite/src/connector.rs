//! The connector.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use protoloop_core::{BoxFuture, CallContext, Error, Result, observe::Connections};
use protoloop_migrate::{Desired, Migrator, Options as MigrateOptions, Quiet};
use protoloop_repository::{
    Capabilities, Connector, Gather, Gathered, Model, OnStart, Record, Repository, Transaction,
    TransactionOptions,
};
use protoloop_sql::{SQLITE, Table};
use sqlx::Connection as _;
use tokio::sync::Semaphore;

use crate::{Options, driver, gather::ByKey, repository::SqliteRepository, store::Store};

/// Rows in an SQLite file.
pub struct SqliteConnector {
    options: Options,
    store: Arc<Store>,
    tables: RwLock<HashMap<Arc<str>, Prepared>>,
}

/// A table that is ready, and the reads that wait for its rows.
struct Prepared {
    table: Arc<Table>,
    gather: Option<Arc<Gather<ByKey>>>,
}

impl SqliteConnector {
    /// Opens the database of a URL such as `sqlite:shop.db`, making the file where it is missing; see [`Options`].
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a wrong URL, UNAVAILABLE when the file cannot be opened, DATA_LOSS when it is no database.
    pub async fn open(url: &str) -> Result<Self> {
        Self::open_with(Options::parse(url)?).await
    }

    /// The same with the options themselves.
    ///
    /// # Errors
    /// As [`SqliteConnector::open`].
    pub async fn open_with(options: Options) -> Result<Self> {
        let store = Store::open(&options).await?;
        Ok(Self {
            options,
            store: Arc::new(store),
            tables: RwLock::default(),
        })
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    async fn prepare_all(&self, models: &[Arc<Model>], how: Option<OnStart>) -> Result<()> {
        self.capabilities().check(self.name(), models)?;
        let desired = Desired::new(models, &SQLITE)?;
        let migrator = Migrator::new(self, &desired, MigrateOptions::default());
        let how = match self.options.leave_schema {
            true => OnStart::Check,
            false => how.unwrap_or(OnStart::Apply),
        };
        migrator.start(how, &mut Quiet).await?;
        let mut prepared = self.tables.write().unwrap_or_else(PoisonError::into_inner);
        for table in desired.into_tables() {
            let name = Arc::clone(&table.model().message().full_name);
            let table = Arc::new(table);
            let readers = self.store.readers().filter(|_| self.options.gather);
            let gather = readers.map(|readers| {
                let by_key = ByKey {
                    table: Arc::clone(&table),
                    readers: Arc::clone(readers),
                };
                // What counts here are the readers.
                Gather::new(by_key, Semaphore::MAX_PERMITS)
            });
            prepared.insert(name, Prepared { table, gather });
        }
        Ok(())
    }

    /// How many reads by key shared a statement until now.
    #[must_use]
    pub fn gathered(&self) -> Gathered {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let gathers = tables.values().filter_map(|found| found.gather.as_ref());
        gathers.fold(Gathered::default(), |all, gather| all + gather.gathered())
    }

    /// The datasource, as the models name it that are stored here.
    fn datasource(&self) -> Arc<str> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let mut named = tables
            .values()
            .map(|found| Arc::clone(&found.table.model().entity().datasource));
        named.next().unwrap_or_else(|| self.name().into())
    }

    async fn check(&self) -> Result<()> {
        let mut connection = self.store.read().await?;
        connection.ping().await.map_err(crate::error::of_driver)?;
        sqlx::query("SELECT 1")
            .execute(&mut *connection)
            .await
            .map_err(crate::error::of_driver)?;
        connection.finish();
        Ok(())
    }
}

impl Connector for SqliteConnector {
    fn name(&self) -> &str {
        "sqlite"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL.with_columns(2000)
    }

    fn prepare<'a>(&'a self, models: &'a [Arc<Model>]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.prepare_all(models, None))
    }

    fn prepare_as<'a>(
        &'a self,
        models: &'a [Arc<Model>],
        how: OnStart,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.prepare_all(models, Some(how)))
    }

    fn repository(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let tables = self.tables.read().unwrap_or_else(PoisonError::into_inner);
        let prepared = tables.get(model.full_name()).ok_or_else(|| {
            Error::failed_precondition(format!(
                "{} was not prepared in the sqlite connector",
                model.full_name()
            ))
        })?;
        Ok(Arc::new(SqliteRepository::new(
            Arc::clone(&prepared.table),
            Arc::clone(&self.store),
            prepared.gather.clone(),
        )))
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        Box::pin(async move { driver::begin(&self.store, cx, options, &self.datasource()).await })
    }

    fn ping(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.check())
    }

    fn connections(&self) -> Option<Connections> {
        Some(self.store.connections())
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.store.close())
    }
}

impl fmt::Debug for SqliteConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConnector")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
