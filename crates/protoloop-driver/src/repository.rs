//! The rows of one model.

use std::{sync::Arc, time::Duration};

use protoloop_core::{BoxFuture, CallContext, Result};
use protoloop_repository::{
    Changes, Cursor, Executed, Filter, GroupQuery, Isolation, Key, Model, OrderBy, Query, Record,
    Repository, Transaction, TransactionOptions, Value, Write, WriteError,
    transaction::InTransaction, within,
};
use protoloop_sql::{Statement, Table};

use crate::{
    Driver, Failure, FaultKind, Link, compare,
    connector::Server,
    gather::Gathers,
    insert,
    lease::Lease,
    native, read,
    transaction::{self, ServerTransaction},
    write::{self, ATTEMPTS, Answers, Failed},
};

/// The longest wait before the second try; it doubles with each further one.
const BACKOFF: Duration = Duration::from_millis(2);

/// The rows of a table.
#[derive(Debug)]
pub(crate) struct ServerRepository<D: Driver> {
    table: Arc<Table>,
    server: Arc<Server<D>>,
    gathers: Option<Arc<Gathers<D>>>,
}

/// Runs a query in the transaction of the context, or on a connection of its own. One that died while it lay unused is
/// replaced, which no caller needs to hear of.
macro_rules! read {
    ($self:ident, $cx:ident, primary, $query:expr, $($argument:expr),*) => {
        read!($self, $cx, of &$self.server.primary, $query, $($argument),*)
    };
    ($self:ident, $cx:ident, of $pool:expr, $query:expr, $($argument:expr),*) => {
        async move {
            if let Some(transaction) = $self.transaction($cx)? {
                let mut entered = transaction.enter().await?;
                let outcome = $query(&mut **entered.lease(), &$self.table, $($argument),*).await;
                return entered.leave(outcome).await;
            }
            let mut lease = $pool.take().await?;
            loop {
                lease.working();
                let outcome = $query(&mut *lease, &$self.table, $($argument),*).await;
                if !lease.replaced(&outcome).await {
                    lease.done(&outcome);
                    return Ok(outcome?);
                }
            }
        }
    };
    ($self:ident, $cx:ident, $query:expr, $($argument:expr),*) => {
        read!($self, $cx, of $self.server.readers($cx), $query, $($argument),*)
    };
}

impl<D: Driver> ServerRepository<D> {
    pub(crate) fn new(
        table: Arc<Table>,
        server: Arc<Server<D>>,
        gathers: Option<Arc<Gathers<D>>>,
    ) -> Self {
        Self {
            table,
            server,
            gathers,
        }
    }

    /// The rows of some keys. Where enough such reads are under way they are read together with those that others wait for.
    async fn by_keys(
        &self,
        cx: &CallContext,
        keys: &[Key],
        scope: Option<&Filter>,
    ) -> Result<Vec<Option<Record>>> {
        let gathers = self.gathers.as_ref();
        let gathers = gathers.filter(|_| InTransaction::of(cx).is_none());
        let lane = gathers.map(|gathers| gathers.enter(&self.server, cx, scope));
        if let (Some(gathers), Some(None)) = (gathers, &lane)
            && let Some(rows) = gathers.ask(&self.server, cx, keys, scope).await?
        {
            return Ok(rows);
        }
        read!(self, cx, read::find_all, keys, scope).await
    }

    /// The transaction of a context, if it carries one.
    fn transaction<'a>(&self, cx: &'a CallContext) -> Result<Option<&'a ServerTransaction<D>>> {
        let Some(inside) = InTransaction::of(cx) else {
            return Ok(None);
        };
        let datasource = &self.table.model().entity().datasource;
        inside
            .driver(datasource, |found: &ServerTransaction<D>| {
                found.is_of(&self.server)
            })
            .map(Some)
    }

    async fn write_alone(&self, writes: &[Write<Record>]) -> Result<Answers, WriteError> {
        let pool = &self.server.primary;
        let mut lease = pool.take().await.map_err(protoloop_core::Error::from)?;
        let (mut attempt, mut apart) = (1, false);
        loop {
            lease.working();
            let compared = attempt == 1 && self.table.compares_rows();
            let outcome = match writes {
                // One statement is a transaction by itself.
                [Write::Create(row)] => self.create(&mut lease, row).await,
                [write @ Write::Set { .. }] if self.table.dialect().answers_changes() => {
                    self.set(&mut lease, write, compared).await
                }
                [write] if compared => self.compared(&mut lease, write).await,
                writes if !apart && insert::together(&self.table, writes) == Some(writes.len()) => {
                    write::each(&mut *lease, &self.table, writes, false).await
                }
                writes => self.in_transaction(&mut lease, writes, apart).await,
            };
            match outcome {
                Ok(answers) => {
                    lease.done(&Ok(()));
                    return Ok(answers);
                }
                Err(failed) if failed.apart && !apart => apart = true,
                Err(failed) if failed.may_try_again(attempt) => {
                    tokio::time::sleep(wait(attempt)).await;
                    attempt += 1;
                }
                Err(failed) => {
                    let Failed { index, failure, .. } = failed;
                    let failure = Err::<(), _>(failure);
                    lease.done(&failure);
                    let Err(failure) = failure else { continue };
                    return Err(WriteError {
                        index,
                        error: failure.of_table(&self.table),
                    });
                }
            }
        }
    }

    /// Changes many rows in one statement, which is a transaction by itself outside of one.
    async fn change(&self, cx: &CallContext, statement: Statement, deleting: bool) -> Result<u64> {
        let sql: Arc<str> = statement.sql.into();
        if let Some(transaction) = self.transaction(cx)? {
            return transaction
                .change(&self.table, sql, statement.values, deleting)
                .await;
        }
        let mut lease = self.server.primary.take().await?;
        let mut attempt = 1;
        loop {
            lease.working();
            let values = statement.values.clone();
            let outcome = lease.execute(Arc::clone(&sql), values).await;
            match outcome.map_err(|fault| write::referring(fault, &self.table, deleting)) {
                Err(failure) if failure.is(&FaultKind::Conflict) && attempt < ATTEMPTS => {
                    tokio::time::sleep(wait(attempt)).await;
                    attempt += 1;
                }
                outcome => {
                    lease.done(&outcome);
                    let done = outcome.map_err(|failure| failure.of_table(&self.table))?;
                    return Ok(done.rows);
                }
            }
        }
    }

    async fn execute_native(
        &self,
        cx: &CallContext,
        text: &str,
        parameters: &[Value],
    ) -> Result<Executed> {
        native::check(text)?;
        let values = || parameters.iter().map(|value| self.table.parameter(value));
        let sql: Arc<str> = text.into();
        if let Some(transaction) = self.transaction(cx)? {
            return transaction.execute(sql, values().collect()).await;
        }
        let pool = match native::reads(text) {
            true => self.server.readers(cx),
            false => &self.server.primary,
        };
        let mut lease = pool.take().await?;
        lease.working();
        let outcome = native::run(&mut *lease, sql, values().collect()).await;
        lease.done(&outcome);
        Ok(outcome?)
    }

    async fn create(&self, lease: &mut Lease<D>, row: &Record) -> Result<Answers, Failed> {
        match write::create(&mut **lease, &self.table, row).await {
            Ok(row) => Ok(vec![Some(row)]),
            Err(failure) => Err(Failed {
                index: Some(0),
                ..failure.into()
            }),
        }
    }

    /// Sets fields of a row in one statement; where there is no such row, looks at what there is.
    async fn set(
        &self,
        lease: &mut Lease<D>,
        write: &Write<Record>,
        compared: bool,
    ) -> Result<Answers, Failed> {
        match write::set(&mut **lease, &self.table, write).await {
            Ok(Some(row)) => Ok(vec![Some(row)]),
            Ok(None) if compared => self.compared(lease, write).await,
            Ok(None) => {
                let writes = std::slice::from_ref(write);
                self.in_transaction(lease, writes, true).await
            }
            Err(failure) => Err(Failed {
                index: Some(0),
                ..failure.into()
            }),
        }
    }

    /// Changes a row where it is the one that was looked at; where someone else changed it meanwhile, with a lock.
    async fn compared(
        &self,
        lease: &mut Lease<D>,
        write: &Write<Record>,
    ) -> Result<Answers, Failed> {
        let mut before = write::look(&mut **lease, &self.table, write, false).await;
        if lease.replaced(&before).await {
            before = write::look(&mut **lease, &self.table, write, false).await;
        }
        let outcome = match before {
            Ok(before) => compare::change(&mut **lease, &self.table, write, before).await,
            Err(failure) => Err(failure.into()),
        };
        match outcome {
            Ok(Some(row)) => Ok(vec![row]),
            Ok(None) => {
                let writes = std::slice::from_ref(write);
                self.in_transaction(lease, writes, true).await
            }
            Err(failed) => Err(Failed {
                index: Some(0),
                ..failed
            }),
        }
    }

    async fn in_transaction(
        &self,
        lease: &mut Lease<D>,
        writes: &[Write<Record>],
        apart: bool,
    ) -> Result<Answers, Failed> {
        let driver = &self.server.primary.driver();
        let begin = driver.begin(Isolation::ReadCommitted, false);
        let mut begun = run_all(&mut **lease, begin).await;
        if lease.replaced(&begun).await {
            begun = run_all(&mut **lease, begin).await;
        }
        begun?;
        match write::each(&mut **lease, &self.table, writes, apart).await {
            Ok(answers) => {
                lease.run("COMMIT").await?;
                Ok(answers)
            }
            Err(failed) => {
                if !failed.failure.breaks() {
                    lease.run("ROLLBACK").await?;
                }
                Err(failed)
            }
        }
    }
}

/// Runs statements without values, one after the other.
pub(crate) async fn run_all<L: Link>(link: &mut L, statements: &[&str]) -> Result<(), Failure> {
    for statement in statements {
        link.run(statement).await?;
    }
    Ok(())
}

/// A random wait, so that those who met do not meet again.
fn wait(attempt: u32) -> Duration {
    let most = BACKOFF * (1 << attempt.min(6));
    most.mul_f64(fastrand::f64())
}

impl<D: Driver> Repository<Record> for ServerRepository<D> {
    fn model(&self) -> &Arc<Model> {
        self.table.model()
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let table = self.table.relative(model)?;
        Ok(Arc::new(Self::new(table, Arc::clone(&self.server), None)))
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(within(cx, read!(self, cx, read::select, query)))
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        Box::pin(within(cx, self.by_keys(cx, keys, None)))
    }

    fn find_within<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
        scope: &'a Filter,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        Box::pin(within(cx, self.by_keys(cx, keys, Some(scope))))
    }

    fn hold<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        Box::pin(within(cx, read!(self, cx, primary, read::hold, keys)))
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        Box::pin(within(cx, async move {
            let mut rows = self.by_keys(cx, std::slice::from_ref(key), None).await?;
            Ok(rows.pop().flatten())
        }))
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        Box::pin(within(cx, async move {
            if let Some(keys) = query.ids(self.table.model()) {
                let rows = self.by_keys(cx, &keys, None).await?;
                return Ok(rows.into_iter().map(Vec::from_iter).collect());
            }
            read!(self, cx, read::groups, query).await
        }))
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<Cursor>> {
        if !order.is_related() {
            let place = Cursor::of_row(self.table.model(), order, row.as_ref());
            return Box::pin(std::future::ready(Ok(place)));
        }
        Box::pin(within(cx, read!(self, cx, read::place, order, row)))
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(within(cx, read!(self, cx, read::count, filter)))
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(within(cx, async move {
            match self.transaction(cx)? {
                Some(transaction) => transaction.write(&self.table, &writes).await,
                None => self.write_alone(&writes).await,
            }
        }))
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(async move {
            match self.table.update_all(filter, changes)? {
                Some(change) => within(cx, self.change(cx, change, false)).await,
                None => self.count(cx, filter).await,
            }
        })
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(within(cx, async move {
            self.change(cx, self.table.delete_all(filter)?, true).await
        }))
    }

    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        Box::pin(within(cx, self.execute_native(cx, statement, parameters)))
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        let datasource = Arc::clone(&self.table.model().entity().datasource);
        Box::pin(transaction::begin(&self.server, cx, options, datasource))
    }
}
