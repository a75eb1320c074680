//! Errors of the driver as errors of the call. What the driver says stays in the log.

use std::time::Duration;

use protoloop_core::{Code, Detail, Error};
use protoloop_sql::Table;

/// The primary result codes of SQLite that mean something to a caller.
mod code {
    pub(super) const ERROR: i32 = 1;
    pub(super) const INTERRUPT: i32 = 9;
    pub(super) const BUSY: i32 = 5;
    pub(super) const NOMEM: i32 = 7;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READONLY: i32 = 8;
    pub(super) const IOERR: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const TOOBIG: i32 = 18;
    pub(super) const NOTADB: i32 = 26;
}

/// The error of a call for one of the driver.
pub(crate) fn of_driver(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::Database(found) => of_code(found.code().as_deref()),
        sqlx::Error::Io(_) => unavailable("the database cannot be reached"),
        sqlx::Error::WorkerCrashed | sqlx::Error::PoolClosed => closed(),
        _ => Error::internal_error("sqlite"),
    }
    .with_source(error)
}

/// The same for a write to a table: a taken key or unique value names its fields.
pub(crate) fn of_write(error: sqlx::Error, table: &Table) -> Error {
    let taken = match &error {
        sqlx::Error::Database(found) if found.is_unique_violation() => {
            unique_fields(found.message(), table)
        }
        _ => None,
    };
    match taken {
        Some(fields) => table.model().duplicate(&fields).with_source(error),
        None => of_driver(error),
    }
}

/// Whether a foreign key refused a write. RESTRICT comes under the code of a trigger.
pub(crate) fn is_foreign_key(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(found) = error else {
        return false;
    };
    found.is_foreign_key_violation() || found.message().contains("FOREIGN KEY constraint failed")
}

/// Whether that was because rows refer to one that would go.
pub(crate) fn is_needed(error: &sqlx::Error) -> bool {
    /// `SQLITE_CONSTRAINT_TRIGGER`.
    const TRIGGER: &str = "1811";
    matches!(error, sqlx::Error::Database(found) if found.code().as_deref() == Some(TRIGGER))
}

/// Whether the connection is of no more use: its worker is gone, or SQLite may have rolled back a transaction by itself.
pub(crate) fn breaks(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(found) = error else {
        return true;
    };
    matches!(
        primary(found.code().as_deref()),
        Some(
            code::NOMEM
                | code::INTERRUPT
                | code::IOERR
                | code::CORRUPT
                | code::FULL
                | code::CANTOPEN
                | code::NOTADB
        )
    )
}

/// The same for a statement of the application's own.
pub(crate) fn of_native(error: sqlx::Error) -> Error {
    use sqlx::error::ErrorKind;
    let sqlx::Error::Database(found) = &error else {
        return of_driver(error);
    };
    let told = match found.kind() {
        ErrorKind::UniqueViolation => {
            Error::already_exists("another row has the same values in a unique index")
        }
        ErrorKind::ForeignKeyViolation => {
            Error::failed_precondition("a row that is referred to is missing, or still referred to")
        }
        ErrorKind::NotNullViolation | ErrorKind::CheckViolation => {
            Error::invalid_argument("a value is not what its column takes")
        }
        _ if primary(found.code().as_deref()) == Some(code::ERROR) => {
            Error::invalid_argument("the database does not take the statement")
        }
        _ => return of_driver(error),
    };
    told.with_source(error)
}

/// Whether a rollback found nothing to roll back.
pub(crate) fn is_no_transaction(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(found) if primary(found.code().as_deref()) == Some(code::ERROR))
}

const BUSY: &str = "the database is busy";

/// Whether another process holds a lock.
pub(crate) fn is_busy(error: &Error) -> bool {
    error.message() == BUSY
}

/// The connector was closed.
pub(crate) fn closed() -> Error {
    unavailable("the database is closed")
}

pub(crate) fn unavailable(message: &'static str) -> Error {
    Error::new(Code::Unavailable, message)
}

/// The primary result code in an extended one.
fn primary(extended: Option<&str>) -> Option<i32> {
    extended?.parse::<i32>().ok().map(|code| code & 0xFF)
}

fn of_code(extended: Option<&str>) -> Error {
    match primary(extended) {
        Some(code::BUSY | code::LOCKED) => unavailable(BUSY).with_detail(Detail::RetryInfo {
            retry_delay: Duration::from_millis(100),
        }),
        Some(code::FULL) => unavailable("the database is full"),
        Some(code::IOERR | code::CANTOPEN) => unavailable("the database cannot be reached"),
        Some(code::READONLY) => unavailable("the database is read-only"),
        Some(code::INTERRUPT) => Error::cancelled("the query was given up"),
        Some(code::TOOBIG) => Error::invalid_argument("a value is too large for the database"),
        Some(code::CORRUPT | code::NOTADB) => {
            Error::data_loss("the database file is damaged or is no database")
        }
        _ => Error::internal_error("sqlite"),
    }
}

/// The fields behind `UNIQUE constraint failed: books.isbn, books.shelf`.
fn unique_fields(message: &str, table: &Table) -> Option<Vec<u32>> {
    let (_, columns) = message.split_once("UNIQUE constraint failed: ")?;
    let names: Option<Vec<&str>> = columns
        .split(", ")
        .map(|column| column.strip_prefix(table.name())?.strip_prefix('.'))
        .collect();
    table.unique_fields(&names?)
}
