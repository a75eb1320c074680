//! What goes wrong in a database, and how a caller is told. What the driver says stays in the log.

use std::{error::Error as StdError, time::Duration};

use protoloop_core::{Code, Detail, Error};
use protoloop_repository::transaction::serialization_failure;
use protoloop_sql::{Table, Violation};

/// What a failure of a database means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// A value of a key or unique index is taken; the constraint, where the server names it.
    Unique(Option<String>),
    /// A row that another one refers to is not there, or is referred to; what the server tells about the constraint.
    ForeignKey(Violation),
    /// A column takes no NULL; its name.
    NotNull(Option<String>),
    /// A condition on the row does not hold; the constraint.
    Check(Option<String>),
    /// A value does not fit its column; its name, where the server tells.
    Unfit(Option<String>),
    /// The transaction met another one and was rolled back; it may be tried again.
    Conflict,
    /// The statement was stopped: by its time limit, or because it was asked to.
    Stopped,
    /// The connection is gone.
    Lost,
    /// No connection can be had at the moment.
    Away,
    /// The server refuses who connects, or the database does not exist.
    Refused,
    /// The server takes no writes.
    ReadOnly,
    /// The server has no room left.
    Full,
    /// A prepared statement no longer fits the tables, which have changed.
    Stale,
    /// A table or column that a statement names is not there.
    NoTable,
    /// An expression is too complicated for the server.
    TooComplex,
    /// Anything else.
    Other,
}

/// A failure of a database.
#[derive(Debug)]
pub struct Fault {
    /// What it means.
    pub kind: FaultKind,
    /// What the driver says, for the log.
    pub source: Box<dyn StdError + Send + Sync>,
}

impl Fault {
    /// A failure with what the driver says about it.
    #[must_use]
    pub fn new(kind: FaultKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            source: source.into(),
        }
    }

    /// What fails while a connection is opened says that the server is away.
    #[must_use]
    pub fn while_connecting(mut self) -> Self {
        if self.kind == FaultKind::Lost {
            self.kind = FaultKind::Away;
        }
        self
    }

    /// Whether the connection is of no more use.
    #[must_use]
    pub fn breaks(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Lost | FaultKind::Away | FaultKind::Refused
        )
    }

    /// The error of a call, where a table is known: constraints are told by their fields.
    #[must_use]
    pub fn of_table(self, table: &Table) -> Error {
        let model = table.model();
        let field = |name: &Option<String>| {
            let name = name.as_deref()?;
            let column = table
                .columns()
                .iter()
                .find(|column| *column.name == *name)?;
            Some(model.field_name(column.number).to_owned())
        };
        let error = match &self.kind {
            FaultKind::Unique(name) => {
                let fields = name
                    .as_deref()
                    .and_then(|name| table.constraint_fields(name));
                model.duplicate(&fields.unwrap_or_default())
            }
            FaultKind::NotNull(name) => match field(name) {
                Some(field) => Error::invalid_field(field, "must be set"),
                None => Error::invalid_argument("a field that the database needs is not set"),
            },
            FaultKind::Unfit(name) => match field(name) {
                Some(field) => Error::invalid_field(field, "does not fit its column"),
                None => Error::invalid_argument("a value does not fit its column"),
            },
            _ => return self.into(),
        };
        error.with_source(self.source)
    }
}

/// How long a caller waits before it comes again.
const SOON: Duration = Duration::from_millis(100);
const LATER: Duration = Duration::from_secs(1);

fn unavailable(message: &'static str, retry_delay: Duration) -> Error {
    Error::new(Code::Unavailable, message).with_detail(Detail::RetryInfo { retry_delay })
}

/// All connections are taken.
pub(crate) fn busy() -> Error {
    unavailable("all connections to the database are taken", SOON)
}

/// The connector was closed.
pub(crate) fn closed() -> Error {
    Error::new(Code::Unavailable, "the database is closed")
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        let error = match fault.kind {
            FaultKind::Unique(_) => Self::new(Code::AlreadyExists, "a unique value is taken"),
            FaultKind::ForeignKey(_) => {
                Self::failed_precondition("a row that is referred to is missing, or is needed")
            }
            FaultKind::Check(_) => {
                Self::invalid_argument("a value breaks a condition of the database")
            }
            FaultKind::NotNull(_) => {
                Self::invalid_argument("a field that the database needs is not set")
            }
            FaultKind::Unfit(_) => Self::invalid_argument("a value does not fit its column"),
            FaultKind::Conflict => serialization_failure(),
            FaultKind::Stopped => {
                Self::deadline_exceeded("the database was stopped at the limit of a statement")
            }
            FaultKind::Lost => unavailable(
                "the connection to the database was lost; whether a write was done is not known",
                LATER,
            ),
            FaultKind::Away | FaultKind::Refused => {
                unavailable("the database cannot be reached", LATER)
            }
            FaultKind::ReadOnly => unavailable("the database is read-only", LATER),
            FaultKind::Full => unavailable("the database is full", LATER),
            FaultKind::Stale => unavailable("the tables of the database have just changed", SOON),
            FaultKind::NoTable => {
                Self::failed_precondition("a table or column of the model is not in the database")
            }
            FaultKind::TooComplex => {
                Self::invalid_argument("the filter is too complicated for the database")
            }
            FaultKind::Other => Self::internal_error("database"),
        };
        error.with_source(fault.source)
    }
}

/// Why something in a transaction failed.
#[derive(Debug)]
pub enum Failure {
    /// The call was refused: by an edit, a check, or what cannot be stored.
    Refused(Error),
    /// The database failed.
    Database(Fault),
}

impl Failure {
    pub(crate) fn is(&self, kind: &FaultKind) -> bool {
        matches!(self, Self::Database(fault) if fault.kind == *kind)
    }

    pub(crate) fn breaks(&self) -> bool {
        matches!(self, Self::Database(fault) if fault.breaks())
    }

    pub(crate) fn of_table(self, table: &Table) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Database(fault) => fault.of_table(table),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Database(fault)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Database(fault) => fault.into(),
        }
    }
}
