//! What a driver brings.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use protoloop_repository::{Capabilities, Isolation};
use protoloop_sql::{Dialect, SqlRow, SqlValue};

use crate::{Failure, Fault};

/// The text of a statement. `protoloop-sql` makes it, with names quoted and values as placeholders.
pub type SharedSql = Arc<str>;

/// The values of a statement, in order of its placeholders.
pub type Values<'a> = Vec<SqlValue<'a>>;

/// A kind of database server.
pub trait Driver: fmt::Debug + Send + Sync + 'static {
    /// A connection to it.
    type Link: Link;

    /// What it is, for messages and logs: `postgres`.
    fn name(&self) -> &'static str;

    /// How its statements are written.
    fn dialect(&self) -> &'static dyn Dialect;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens a connection, ready for statements.
    fn connect(&self) -> impl Future<Output = Result<Self::Link, Fault>> + Send;

    /// Stops the statement that runs on the connection of a number, see [`Link::number`]. The other connection stays.
    fn cancel(&self, number: u64) -> impl Future<Output = Result<(), Fault>> + Send;

    /// The statements that begin a transaction.
    fn begin(&self, isolation: Isolation, read_only: bool) -> &'static [&'static str];

    /// Whether a failed statement ends its transaction, unless a savepoint was set before.
    fn failure_ends_transaction(&self) -> bool;

    /// What a connection that changes tables is told first: that others may take their time.
    fn before_changes(&self) -> &'static [&'static str];

    /// The statement that says how long one that changes tables waits for the locks of others; `None` for as long as it
    /// takes. What waits lets nobody else at the table meanwhile.
    fn waiting_for_locks(&self, most: Option<Duration>) -> String;

    /// Takes the lock that lets one process at a time change tables, if nobody has it; the connection holds it until it
    /// ends. It does not wait: PostgreSQL's CREATE INDEX CONCURRENTLY would wait for a statement that does.
    fn try_lock_tables<'a>(
        &'a self,
        link: &'a mut Self::Link,
    ) -> impl Future<Output = Result<bool, Failure>> + Send + 'a;
}

/// What a statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that it inserted, changed, found to be so already, or removed.
    pub rows: u64,
    /// The number that an insertion counted up, in databases that tell it so.
    pub counted: Option<u64>,
}

/// A connection. A statement whose future is dropped leaves it unusable but for [`Link::close`].
pub trait Link: Send + Sync + 'static {
    /// A row of an answer.
    type Row: SqlRow + Send + Sync;

    /// The names of the columns of a row.
    fn names(row: &Self::Row) -> Arc<[Arc<str>]>;

    /// By which number the server knows the connection.
    fn number(&self) -> u64;

    /// Runs a statement and gives its rows to `each` as they come.
    fn query<'a>(
        &'a mut self,
        sql: SharedSql,
        values: Values<'a>,
        each: impl FnMut(&Self::Row) -> Result<(), Failure> + Send + 'a,
    ) -> impl Future<Output = Result<Done, Failure>> + Send + 'a;

    /// Runs a statement that answers no rows.
    fn execute<'a>(
        &'a mut self,
        sql: SharedSql,
        values: Values<'a>,
    ) -> impl Future<Output = Result<Done, Fault>> + Send + 'a;

    /// How many values a statement takes, asked before one of the application's own is run; `None` where the server refuses another
    /// number by itself. Where the driver would do so, it might lose count of the server's answers.
    ///
    /// # Errors
    /// As [`Link::execute`].
    fn places(
        &mut self,
        sql: SharedSql,
    ) -> impl Future<Output = Result<Option<usize>, Fault>> + Send + '_ {
        let _ = sql;
        std::future::ready(Ok(None))
    }

    /// Runs a statement without values, unprepared: what begins and ends transactions, and what changes tables.
    fn run<'a>(&'a mut self, sql: &'a str) -> impl Future<Output = Result<(), Fault>> + Send + 'a;

    /// Asks whether the server is there.
    fn ping(&mut self) -> impl Future<Output = Result<(), Fault>> + Send + '_;

    /// Says goodbye.
    fn close(self) -> impl Future<Output = ()> + Send;
}
