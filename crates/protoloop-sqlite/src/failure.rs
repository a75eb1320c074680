//! Whether a failed write concerns its caller alone.

use protoloop_core::Error;
use protoloop_sql::{Table, Violation};

use crate::error::{breaks, is_foreign_key, is_needed, of_driver, of_write};

/// Why a statement of a transaction failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The write was refused; the transaction stands and others may go on in it.
    Refused(Error),
    /// The database failed, and the transaction with it.
    Database {
        /// What callers are told.
        error: Error,
        /// Whether the connection cannot be trusted any more: SQLite may have rolled back by itself.
        broken: bool,
    },
}

impl Failure {
    /// A failure of the driver.
    pub(crate) fn of_driver(error: sqlx::Error) -> Self {
        Self::Database {
            broken: breaks(&error),
            error: of_driver(error),
        }
    }

    /// A failure of a write to a table: a violated constraint undoes its statement only.
    pub(crate) fn of_write(error: sqlx::Error, table: &Table) -> Self {
        let constraint = matches!(
            &error,
            sqlx::Error::Database(found) if !matches!(found.kind(), sqlx::error::ErrorKind::Other)
        );
        if is_foreign_key(&error) {
            // Which row of a statement over many it was is not known.
            let deleting = is_needed(&error);
            Self::Refused(
                table
                    .violated(&Violation::default(), deleting)
                    .with_source(error),
            )
        } else if constraint {
            Self::Refused(of_write(error, table))
        } else {
            Self::of_driver(error)
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) | Failure::Database { error, .. } => error,
        }
    }
}
