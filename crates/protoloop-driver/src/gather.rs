//! Reads by key that wait for a connection, asked together.

use std::sync::Arc;

use protoloop_core::{CallContext, Result};
use protoloop_repository::{Gather, Gathered, Key, Record, Source};
use protoloop_sql::Table;

use crate::{Driver, Pool, connector::Server, lease::Lease, read};

/// The rows of a table by their keys, over the connections of a pool.
#[derive(Debug)]
pub(crate) struct ByKey<D: Driver> {
    table: Arc<Table>,
    pool: Arc<Pool<D>>,
}

impl<D: Driver> Source for ByKey<D> {
    /// All columns, of rows of all tenants: whatever else is asked goes another way.
    type Shape = ();
    type Key = Key;
    type Found = Option<Record>;
    type Connection = Lease<D>;

    async fn connection(&self) -> Result<Lease<D>> {
        Ok(self.pool.take().await?)
    }

    async fn ask(&self, mut lease: Lease<D>, (): &(), keys: &[Key]) -> Result<Vec<Option<Record>>> {
        loop {
            lease.working();
            let outcome = read::find_all(&mut *lease, &self.table, keys).await;
            if !lease.replaced(&outcome).await {
                lease.done(&outcome);
                return Ok(outcome?);
            }
        }
    }
}

/// What waits for the servers of a table.
#[derive(Debug)]
pub(crate) struct Gathers<D: Driver> {
    primary: Arc<Gather<ByKey<D>>>,
    replica: Option<Arc<Gather<ByKey<D>>>>,
}

impl<D: Driver> Gathers<D> {
    /// `None` where every read goes by itself.
    pub(crate) fn new(table: &Arc<Table>, server: &Server<D>) -> Option<Arc<Self>> {
        let gather = |pool: &Arc<Pool<D>>| {
            Gather::new(ByKey {
                table: Arc::clone(table),
                pool: Arc::clone(pool),
            })
        };
        let gathers = || Self {
            primary: gather(&server.primary),
            replica: server.replica.as_ref().map(gather),
        };
        server.primary.gathers().then(|| Arc::new(gathers()))
    }

    /// The rows of keys in one statement with those of others that wait; `None` where they are to be read alone.
    pub(crate) async fn ask(
        &self,
        server: &Server<D>,
        cx: &CallContext,
        keys: &[Key],
    ) -> Result<Option<Vec<Option<Record>>>> {
        let pool = server.readers(cx);
        let gather = match &self.replica {
            Some(replica) if Arc::ptr_eq(&replica.source().pool, pool) => replica,
            _ => &self.primary,
        };
        gather.ask((), keys.to_vec()).await
    }

    pub(crate) fn gathered(&self) -> Gathered {
        let replica = self.replica.as_ref();
        let replica = replica.map(|replica| replica.gathered());
        self.primary.gathered() + replica.unwrap_or_default()
    }
}
