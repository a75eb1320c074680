//! Whether a transaction goes on, and why not.

use std::{sync::OnceLock, time::Duration};

use protoloop_core::{Code, Error, Result};

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Its changes are kept.
    Committed,
    /// Its changes were taken back because its user said so.
    RolledBack,
    /// The same because it took longer than this.
    TimedOut(Duration),
    /// The same because a call in it was dropped before its statement answered.
    GivenUp,
    /// The same because the database failed.
    Failed(Code, String),
}

/// Whether a transaction goes on. A driver keeps one; it ends once.
#[derive(Debug, Default)]
pub struct TransactionState(OnceLock<Ended>);

impl TransactionState {
    /// Whether it goes on.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.0.get().is_none()
    }

    /// Ends it; false when it had ended before.
    pub fn end(&self, how: Ended) -> bool {
        self.0.set(how).is_ok()
    }

    /// Refuses what comes after the end.
    ///
    /// # Errors
    /// FAILED_PRECONDITION after a commit or rollback, DEADLINE_EXCEEDED after a timeout, the code of what failed.
    pub fn check(&self) -> Result<()> {
        match self.0.get() {
            None => Ok(()),
            Some(ended) => Err(ended.refusal()),
        }
    }
}

impl Ended {
    fn refusal(&self) -> Error {
        match self {
            Self::Committed => Error::failed_precondition("the transaction was committed already"),
            Self::RolledBack => {
                Error::failed_precondition("the transaction was rolled back already")
            }
            Self::TimedOut(timeout) => Error::deadline_exceeded(format!(
                "the transaction took longer than {timeout:?} and was rolled back"
            )),
            Self::GivenUp => Error::failed_precondition(
                "a call in the transaction was dropped before it was answered, so it was rolled back",
            ),
            Self::Failed(code, why) => {
                Error::new(*code, format!("the transaction was rolled back: {why}"))
            }
        }
    }
}
