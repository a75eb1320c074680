//! A repository whose work is watched.

use std::{fmt, sync::Arc};

use protoloop_core::{
    BoxFuture, CallContext, Code, Error, Result, UntilOver,
    observe::{Operation, OperationEnds, WatchesOperations},
};

use crate::{
    Changes, Cursor, Executed, Filter, GroupQuery, Key, Model, OrderBy, Query, Record, Repository,
    RowStream, Transaction, TransactionOptions, Value, Write, WriteError,
    transaction::InTransaction,
};

/// Does what another repository does, and tells what begins and how it ended: every wait for the store, that for a
/// connection included. A transaction is told by what it begins and ends with, and its savepoints are not.
#[derive(Clone)]
pub struct Observed {
    inner: Arc<dyn Repository<Record>>,
    watch: Arc<dyn WatchesOperations>,
}

const SELECT: &str = "SELECT";
const INSERT: &str = "INSERT";
const UPDATE: &str = "UPDATE";
const DELETE: &str = "DELETE";
const BEGIN: &str = "BEGIN";

/// What went wrong, by its code.
trait Failure {
    fn code(&self) -> Code;
}

impl Failure for Error {
    fn code(&self) -> Code {
        Self::code(self)
    }
}

impl Failure for WriteError {
    fn code(&self) -> Code {
        self.error.code()
    }
}

impl Observed {
    /// Has the work of a repository watched.
    #[must_use]
    pub fn new(inner: Arc<dyn Repository<Record>>, watch: Arc<dyn WatchesOperations>) -> Self {
        Self { inner, watch }
    }

    fn tell(&self, cx: &CallContext, name: &'static str) -> Box<dyn OperationEnds> {
        self.watch.begin(&Operation {
            name,
            collection: &self.inner.model().entity().table,
            trace: cx.trace(),
        })
    }

    fn watched<'a, T: Send + 'a, E: Failure + Send + 'a>(
        &'a self,
        cx: &'a CallContext,
        name: &'static str,
        work: BoxFuture<'a, Result<T, E>>,
    ) -> BoxFuture<'a, Result<T, E>> {
        Box::pin(async move {
            let ends = self.tell(cx, name);
            let outcome = work.await;
            ends.end(outcome.as_ref().err().map(Failure::code));
            outcome
        })
    }
}

/// What several writes do together.
fn name_of(writes: &[Write<Record>]) -> &'static str {
    let mut names = writes.iter().map(|write| match write {
        Write::Create(_) => INSERT,
        Write::Modify { .. } | Write::Alter { .. } | Write::Set { .. } => UPDATE,
        Write::Delete { .. } => DELETE,
    });
    let Some(first) = names.next() else {
        return BATCH;
    };
    match names.all(|name| name == first) {
        true => first,
        false => BATCH,
    }
}

/// Writes of several kinds.
const BATCH: &str = "BATCH";

/// The name of a native statement: its first word, where that is one of a few. Others would be names without end.
fn name_of_native(statement: &str) -> &'static str {
    let word = statement.split_whitespace().next().unwrap_or_default();
    let known = [SELECT, INSERT, UPDATE, DELETE];
    let known = known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word));
    known.unwrap_or("EXECUTE")
}

impl Repository<Record> for Observed {
    fn model(&self) -> &Arc<Model> {
        self.inner.model()
    }

    fn neighbour(&self, model: &Arc<Model>) -> Result<Arc<dyn Repository<Record>>> {
        let inner = self.inner.neighbour(model)?;
        Ok(Arc::new(Self::new(inner, Arc::clone(&self.watch))))
    }

    fn find<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a Query,
    ) -> BoxFuture<'a, Result<Vec<Record>>> {
        self.watched(cx, SELECT, self.inner.find(cx, query))
    }

    fn find_by_ids<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.watched(cx, SELECT, self.inner.find_by_ids(cx, keys))
    }

    fn find_by_key<'a>(
        &'a self,
        cx: &'a CallContext,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<Record>>> {
        self.watched(cx, SELECT, self.inner.find_by_key(cx, key))
    }

    fn find_within<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
        scope: &'a Filter,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.watched(cx, SELECT, self.inner.find_within(cx, keys, scope))
    }

    fn hold<'a>(
        &'a self,
        cx: &'a CallContext,
        keys: &'a [Key],
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>>> {
        self.watched(cx, SELECT, self.inner.hold(cx, keys))
    }

    fn find_grouped<'a>(
        &'a self,
        cx: &'a CallContext,
        query: &'a GroupQuery,
    ) -> BoxFuture<'a, Result<Vec<Vec<Record>>>> {
        self.watched(cx, SELECT, self.inner.find_grouped(cx, query))
    }

    fn count<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.watched(cx, SELECT, self.inner.count(cx, filter))
    }

    fn place<'a>(
        &'a self,
        cx: &'a CallContext,
        order: &'a OrderBy,
        row: &'a Record,
    ) -> BoxFuture<'a, Result<Cursor>> {
        let place = self.inner.place(cx, order, row);
        match order.is_related() {
            true => self.watched(cx, SELECT, place),
            // The row says it.
            false => place,
        }
    }

    fn write<'a>(
        &'a self,
        cx: &'a CallContext,
        writes: Vec<Write<Record>>,
    ) -> BoxFuture<'a, Result<Vec<Option<Record>>, WriteError>> {
        let name = name_of(&writes);
        self.watched(cx, name, self.inner.write(cx, writes))
    }

    fn update_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
        changes: &'a Changes,
    ) -> BoxFuture<'a, Result<u64>> {
        self.watched(cx, UPDATE, self.inner.update_all(cx, filter, changes))
    }

    fn delete_all<'a>(
        &'a self,
        cx: &'a CallContext,
        filter: Option<&'a Filter>,
    ) -> BoxFuture<'a, Result<u64>> {
        self.watched(cx, DELETE, self.inner.delete_all(cx, filter))
    }

    fn stream<'a>(&'a self, cx: &'a CallContext, query: &'a Query) -> RowStream<'a, Record> {
        let rows = self.inner.stream(cx, query);
        let ends = self.tell(cx, SELECT);
        Box::pin(UntilOver::new(rows, |outcome: Result<(), &Error>| {
            ends.end(outcome.err().map(Error::code));
        }))
    }

    fn execute<'a>(
        &'a self,
        cx: &'a CallContext,
        statement: &'a str,
        parameters: &'a [Value],
    ) -> BoxFuture<'a, Result<Executed>> {
        let name = name_of_native(statement);
        self.watched(cx, name, self.inner.execute(cx, statement, parameters))
    }

    fn begin<'a>(
        &'a self,
        cx: &'a CallContext,
        options: &'a TransactionOptions,
    ) -> BoxFuture<'a, Result<Transaction>> {
        if InTransaction::of(cx).is_some() {
            return self.inner.begin(cx, options);
        }
        Box::pin(async move {
            let ends = self.watch.begin(&Operation {
                name: BEGIN,
                collection: "",
                trace: cx.trace(),
            });
            let mut begun = self.inner.begin(cx, options).await;
            ends.end(begun.as_ref().err().map(Error::code));
            if let Ok(transaction) = &mut begun {
                transaction.told_to(Arc::clone(&self.watch));
            }
            begun
        })
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed")
            .field("model", &self.inner.model().full_name())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
