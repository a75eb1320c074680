//! Reads by key that wait for a connection, asked together.

use std::sync::Arc;

use protoloop_core::{CallContext, Result};
use protoloop_repository::{Filter, Gather, Gathered, Key, Lane, Record, Source};
use protoloop_sql::Table;
use tokio::sync::Semaphore;

use crate::{Driver, Pool, connector::Server, lease::Lease, read};

/// The rows of a table by their keys, over the connections of a pool.
#[derive(Debug)]
pub(crate) struct ByKey<D: Driver> {
    table: Arc<Table>,
    pool: Arc<Pool<D>>,
}

impl<D: Driver> Source for ByKey<D> {
    /// What the rows must fulfil besides, such as to be of a tenant: only those who ask for the same meet.
    type Shape = Option<Filter>;
    type Key = Key;
    type Found = Option<Record>;
    type Connection = Lease<D>;

    async fn connection(&self) -> Result<Lease<D>> {
        Ok(self.pool.take().await?)
    }

    async fn ask(
        &self,
        mut lease: Lease<D>,
        scope: &Option<Filter>,
        keys: &[Key],
    ) -> Result<Vec<Option<Record>>> {
        loop {
            lease.working();
            let outcome = read::find_all(&mut *lease, &self.table, keys, scope.as_ref()).await;
            if !lease.replaced(&outcome).await {
                lease.done(&outcome);
                return Ok(outcome?);
            }
        }
    }
}

/// What waits for one server.
#[derive(Debug)]
struct Waiting<D: Driver> {
    /// Reads that ask for nothing but keys: a few at once, since all others may share the next statement.
    plain: Arc<Gather<ByKey<D>>>,
    /// Reads of the rows of a tenant, which share with nobody else: they wait for connections only.
    scoped: Arc<Gather<ByKey<D>>>,
}

impl<D: Driver> Waiting<D> {
    fn new(table: &Arc<Table>, pool: &Arc<Pool<D>>) -> Self {
        let gather = |lanes| {
            let by_key = ByKey {
                table: Arc::clone(table),
                pool: Arc::clone(pool),
            };
            Gather::new(by_key, lanes)
        };
        Self {
            plain: gather(pool.lanes()),
            scoped: gather(Semaphore::MAX_PERMITS),
        }
    }

    fn of(&self, scope: Option<&Filter>) -> &Arc<Gather<ByKey<D>>> {
        match scope {
            None => &self.plain,
            Some(_) => &self.scoped,
        }
    }
}

/// What waits for the servers of a table.
#[derive(Debug)]
pub(crate) struct Gathers<D: Driver> {
    primary: Waiting<D>,
    replica: Option<Waiting<D>>,
}

impl<D: Driver> Gathers<D> {
    /// `None` where every read goes by itself.
    pub(crate) fn new(table: &Arc<Table>, server: &Server<D>) -> Option<Arc<Self>> {
        let gathers = || Self {
            primary: Waiting::new(table, &server.primary),
            replica: server
                .replica
                .as_ref()
                .map(|pool| Waiting::new(table, pool)),
        };
        server.primary.gathers().then(|| Arc::new(gathers()))
    }

    /// What waits for the server that a context reads from.
    fn of(&self, server: &Server<D>, cx: &CallContext) -> &Waiting<D> {
        let pool = server.readers(cx);
        match &self.replica {
            Some(replica) if Arc::ptr_eq(&replica.plain.source().pool, pool) => replica,
            _ => &self.primary,
        }
    }

    /// A lane for a read that goes by itself; `None` where it is to wait.
    pub(crate) fn enter(
        &self,
        server: &Server<D>,
        cx: &CallContext,
        scope: Option<&Filter>,
    ) -> Option<Lane> {
        match server.readers(cx).has_free() {
            true => self.of(server, cx).of(scope).enter(),
            false => None,
        }
    }

    /// The rows of keys in one statement with those of others that wait; `None` where they are to be read alone.
    pub(crate) async fn ask(
        &self,
        server: &Server<D>,
        cx: &CallContext,
        keys: &[Key],
        scope: Option<&Filter>,
    ) -> Result<Option<Vec<Option<Record>>>> {
        let gather = self.of(server, cx).of(scope);
        gather.ask(scope.cloned(), keys.to_vec()).await
    }

    pub(crate) fn gathered(&self) -> Gathered {
        let waiting = std::iter::once(&self.primary).chain(&self.replica);
        let each = waiting.flat_map(|waiting| [&waiting.plain, &waiting.scoped]);
        each.fold(Gathered::default(), |all, gather| all + gather.gathered())
    }
}
