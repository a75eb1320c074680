//! The rows of one model.

use std::{borrow::Cow, sync::Arc, time::Duration};

use protoloop_core::{BoxFuture, CallContext, Error, Result};
use protoloop_repository::{
    Changes, Cursor, Executed, Filter, Gather, GroupQuery, Groups, Key, Link, Model, OrderBy,
    Query, Record, Repository, RowStream, Transaction, TransactionOptions, Value, Write,
    WriteError, pages, transaction::InTransaction, within,
};
use protoloop_sql::{Records, SqlRow as _, SqlValue, Statement, Table};
use sqlx::sqlite::SqliteConnection;

use crate::{
    answer::Answer,
    arguments::{self, query_once},
    driver::{self, SqliteTransaction},
    error::{closed, of_driver},
    gather::{self, ByKey, KEYS},
    native,
    row::Row,
    store::{Read, Store},
    stream, transaction,
};

/// The rows of a table.
#[derive(Debug)]
pub(crate) struct SqliteRepository {
    table: Arc<Table>,
    store: Arc<Store>,
    gather: Option<Arc<Gather<ByKey>>>,
}

impl SqliteRepository {
    pub(crate) fn new(
        table: Arc<Table>,
        store: Arc<Store>,
        gather: Option<Arc<Gather<ByKey>>>,
    ) -> Self {
        Self {
            table,
            store,
            gather,
        }
    }

    /// The transaction of a context, if it carries one.
    fn transaction<'a>(&self, cx: &'a CallContext) -> Result<Option<&'a SqliteTransaction>> {
        let Some(inside) = InTransaction::of(cx) else {
            return Ok(None);
        };
        let datasource = &self.table.model().entity().datasource;
        driver::of(inside, &self.store, datasource).map(Some)
    }

    /// A connection that sees what a context sees.
    async fn connection<'a>(&self, cx: &'a CallContext) -> Result<Read<'a>> {
        match self.transaction(cx)? {
            None => self.store.read().await,
            Some(transaction) => Ok(Read::Transaction(transaction.statement().await?)),
        }
    }

    async fn select(&self, cx: &CallContext, query: &Query) -> Result<Vec<Record>> {
        let (sql, values, selection) = self.table.select_page(query)?;
        let query = arguments::query(Cow::Owned(sql), values)?;
        let mut connection = self.connection(cx).await?;
        let mut records = Records::new(&self.table, &selection);
        let mut rows = Answer::new(query.fetch(&mut *connection));
        while let Some(row) = rows.next().await.map_err(of_driver)? {
            records.push(&Row(row))?;
        }
        drop(rows);
        connection.finish();
        Ok(records.finish())
    }

    async fn find(&self, cx: &CallContext, key: &Key) -> Result<Option<Record>> {
        if let Some(mut rows) = self.gathered(cx, std::slice::from_ref(key), None).await? {
            return Ok(rows.pop().flatten());
        }
        let mut connection = self.connection(cx).await?;
        let found = transaction::find(&mut connection, &self.table, key).await?;
        connection.finish();
        Ok(found)
    }

    async fn find_all(
        &self,
        cx: &CallContext,
        keys: &[Key],
        scope: Option<&Filter>,
    ) -> Result<Vec<Option<Record>>> {
        if let Some(rows) = self.gathered(cx, keys, scope).await? {
            return Ok(rows);
        }
        let mut connection = self.connection(cx).await?;
        let rows = gather::find_all(&mut connection, &self.table, keys, scope).await?;
        connection.finish();
        Ok(rows)
    }

    /// The rows of some keys, read together with those that others wait for where all connections are taken. `None` where
    /// they are to be read alone.
    async fn gathered(
        &self,
        cx: &CallContext,
        keys: &[Key],
        scope: Option<&Filter>,
    ) -> Result<Option<Vec<Option<Record>>>> {
        match &self.gather {
            Some(gather)
                if !gather.source().readers.has_free() && InTransaction::of(cx).is_none() =>
            {
                gather.ask(scope.cloned(), keys.to_vec()).await
            }
            _ => Ok(None),
        }
    }

    /// The place of a row, with the values of the rows that the order leads to.
    async fn place_of(&self, cx: &CallContext, order: &OrderBy, row: &Record) -> Result<Cursor> {
        let mut cursor = Cursor::of_row(self.table.model(), order, row.as_ref());
        let mut connection = self.connection(cx).await?;
        for (term, value) in order.terms().iter().zip(&mut cursor.values) {
            if let Some((table, row)) = self.behind(&mut connection, &term.via, row).await? {
                *value = table.model().value_of(row.as_ref(), &term.path);
            }
        }
        connection.finish();
        Ok(cursor)
    }

    /// The row that to-one relations lead to, with its table.
    async fn behind(
        &self,
        connection: &mut SqliteConnection,
        via: &[Link],
        row: &Record,
    ) -> Result<Option<(Arc<Table>, Record)>> {
        let mut reached: Option<(Arc<Table>, Record)> = None;
        for link in via {
            let (table, row) = match &reached {
                Some((table, row)) => (table, row),
                None => (&self.table, row),
            };
            let Some((statement, target)) = table.select_linked(link, row.as_ref())? else {
                return Ok(None);
            };
            let query = query_once(statement)?;
            let found = query.fetch_optional(&mut *connection).await;
            let Some(found) = found.map_err(of_driver)? else {
                return Ok(None);
            };
            let record = target.record(&Row(&found))?;
            reached = Some((target, record));
        }
        Ok(reached)
    }

    async fn find_groups(&self, cx: &CallContext, query: &GroupQuery) -> Result<Vec<Vec<Record>>> {
        if let Some(keys) = query.ids(self.table.model()) {
            let rows = self.find_all(cx, &keys, None).await?;
            return Ok(rows.into_iter().map(Vec::from_iter).collect());
        }
        let mut groups = Groups::new(&query.keys).at_most(query.most);
        let mut connection = self.connection(cx).await?;
        for some in query.keys.chunks(KEYS) {
            let (statement, selection) = self.table.select_grouped(query, some)?;
            let mut rows = Answer::new(query_once(statement)?.fetch(&mut *connection));
            while let Some(row) = rows.next().await.map_err(of_driver)? {
                let row = Row(row);
                let record = self
                    .table
                    .record_from(&row, selection.columns(&self.table))?;
                groups.push(&self.table.group_of(query, &selection, &row)?, record);
            }
        }
        connection.finish();
        Ok(groups.finish())
    }

    /// Changes many rows in one statement: in the transaction of a context, or in one of its own, so that it is undone
    /// where it is stopped.
    async fn change_all(&self, cx: &CallContext, change: Statement) -> Result<u64> {
        let begun = self.own_transaction(cx).await?;
        let outcome = match self.transaction(begun.as_ref().map_or(cx, Transaction::cx))? {
            Some(transaction) => transaction.change(&self.table, change).await,
            None => Err(Error::internal_error("no transaction for a change")),
        };
        finish(begun, outcome).await
    }

    async fn execute_native(
        &self,
        cx: &CallContext,
        text: &str,
        parameters: &[Value],
    ) -> Result<Executed> {
        let values = parameters
            .iter()
            .map(|value| self.table.parameter(value))
            .collect();
        if native::reads(text) && self.transaction(cx)?.is_none() {
            let mut connection = self.store.read().await?;
            let executed = native::fetch(&mut connection, text, values).await?;
            connection.finish();
            return Ok(executed);
        }
        let begun = self.own_transaction(cx).await?;
        let outcome = match self.transaction(begun.as_ref().map_or(cx, Transaction::cx))? {
            Some(transaction) => transaction.execute(text, values).await,
            None => Err(Error::internal_error("no transaction for a statement")),
        };
        finish(begun, outcome).await
    }

    /// A transaction for one statement; `None` in one already.
    async fn own_transaction(&self, cx: &CallContext) -> Result<Option<Transaction>> {
        if self.transaction(cx)?.is_some() {
            return Ok(None);
        }
        // The call's deadline is the bound.
        let options = TransactionOptions::new().timeout(Duration::MAX);
        let datasource = &self.table.model().entity().datasource;
        driver::begin(&self.store, cx, &options, datasource)
            .await
            .map(Some)
    }

    async fn count_rows(&self, cx: &CallContext, filter: Option<&Filter>) -> Result<u64> {
        let query = query_once(self.table.count(filter)?)?;
        let mut connection = self.connection(cx).await?;
        let row = query.fetch_one(&mut *connection).await.map_err(of_driver)?;
        connection.finish();
        match Row(&row).value(0)? {
            SqlValue::Int(count) => Ok(u64::try_from(count).unwrap_or(0)),
            _ => Err(Error::internal_error("COUNT gave no integer")),
        }
    }
}

/// Ends the transaction of one statement.
async fn finish<T>(begun: Option<Transaction>, outcome: Result<T>) -> Result<T> {
    match (begun, &outcome) {
        (Some(transaction), Ok(_)) => transaction.commit().await?,
        // What went wrong first is what the caller can act on.
        (Some(transaction), Err(_)) => drop(transaction.rollback().await),
        (None, _) => {}
    }
    outcome
}

impl Repository<Record> for SqliteRepository {
    fn model(&self) -> &Arc<Model> {
        self.table.model()
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let table = self.table.relative(model)?;
        Ok(Arc::new(Self::new(table, Arc::clone(&self.store), None)))
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        Box::pin(within(cx, self.select(cx, query)))
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        Box::pin(within(cx, self.find_all(cx, keys, None)))
    }

    fn find_within<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
        scope: &'a Filter,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        Box::pin(within(cx, self.find_all(cx, keys, Some(scope))))
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        Box::pin(within(cx, self.find(cx, key)))
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        Box::pin(within(cx, self.find_groups(cx, query)))
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(within(cx, self.count_rows(cx, filter)))
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
        Box::pin(within(cx, self.place_of(cx, order, row)))
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        Box::pin(within(cx, async move {
            if let Some(transaction) = self.transaction(cx)? {
                return transaction.write(&self.table, writes).await;
            }
            let answer = self.store.submit(&self.table, writes);
            // The sender is dropped when the runtime ends.
            answer.await.unwrap_or_else(|_| Err(closed().into()))
        }))
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(within(cx, async move {
            match self.table.update_all(filter, changes)? {
                Some(change) => self.change_all(cx, change).await,
                None => self.count_rows(cx, filter).await,
            }
        }))
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        Box::pin(within(cx, async move {
            self.change_all(cx, self.table.delete_all(filter)?).await
        }))
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        // A transaction has one connection, which the rows must not keep from other calls.
        match (InTransaction::of(cx), self.store.has_readers()) {
            (None, true) => stream::rows(&self.table, &self.store, cx, query),
            _ => pages(self, cx, query),
        }
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
        let datasource = &self.table.model().entity().datasource;
        Box::pin(driver::begin(&self.store, cx, options, datasource))
    }
}
