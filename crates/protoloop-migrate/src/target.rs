//! What a driver does for migrations.

use std::{fmt, time::Duration};

use protoloop_core::{BoxFuture, Result};
use protoloop_sql::{Dialect, SqlValue, Statement};

/// A session; see [`Target::open`].
pub type BoxSession<'a> = Box<dyn Session + 'a>;

/// A database whose schema can be changed.
pub trait Target: fmt::Debug + Send + Sync {
    /// How its statements are spelled.
    fn dialect(&self) -> &'static dyn Dialect;

    /// A session of one connection. With `lock`, one that holds the lock of migrations, which no two sessions of any
    /// process hold at once; it is waited for as long as that says.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached or the lock is not had in time.
    fn open(&self, lock: Option<Duration>) -> BoxFuture<'_, Result<BoxSession<'_>>>;

    /// Waits before what met another transaction is tried again, for the time that it was tried so often: what waited
    /// behind it goes on meanwhile.
    fn pause(&self, tries: u32) -> BoxFuture<'_, ()> {
        let _ = tries;
        Box::pin(std::future::ready(()))
    }
}

/// One connection. Dropping it gives up what was begun and lets go of the lock.
///
/// Errors carry the words of the database in their message: they are for those who change its schema.
pub trait Session: Send {
    /// Begins a transaction. Where the lock is that of the whole file, this is where it is waited for.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached or busy for too long.
    fn begin(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Commits it.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached, FAILED_PRECONDITION when what was done breaks a constraint.
    fn commit(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Takes it back.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is not reached.
    fn rollback(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Runs one or more statements without values.
    ///
    /// # Errors
    /// FAILED_PRECONDITION with the words of the database, UNAVAILABLE when it is not reached.
    fn execute<'a>(&'a mut self, sql: &'a str) -> BoxFuture<'a, Result<()>>;

    /// Runs a statement with values.
    ///
    /// # Errors
    /// As [`Session::execute`].
    fn run(&mut self, statement: Statement) -> BoxFuture<'_, Result<()>>;

    /// Reads rows: each value as [`LiveQueries`](protoloop_sql::LiveQueries) says, integers and booleans as such,
    /// everything else as text.
    ///
    /// # Errors
    /// As [`Session::execute`].
    fn query(&mut self, statement: Statement)
    -> BoxFuture<'_, Result<Vec<Vec<SqlValue<'static>>>>>;

    /// Lets go of the lock and gives the connection back.
    fn close<'a>(self: Box<Self>) -> BoxFuture<'a, ()>
    where
        Self: 'a;
}
