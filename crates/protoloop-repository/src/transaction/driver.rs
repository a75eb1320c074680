//! What a connector does for transactions.

use std::{any::Any, fmt, sync::Arc};

use protoloop_core::{BoxFuture, CallContext, Error, Result};

use super::{Isolation, state::TransactionState};

/// A transaction of a connector: its connection, or its view of the rows.
///
/// Calls come from several tasks at once; a driver lets one statement run at a time. A statement whose future is dropped
/// before it answered ends the transaction with [`Ended::GivenUp`](super::Ended::GivenUp), because nobody knows how much of
/// it was done.
pub trait TransactionDriver: Any + fmt::Debug + Send + Sync {
    /// Whether it goes on.
    fn state(&self) -> &TransactionState;

    /// What it isolates from.
    fn isolation(&self) -> Isolation;

    /// Whether it refuses writes.
    fn is_read_only(&self) -> bool;

    /// Sets a savepoint. Numbers come in ascending order.
    ///
    /// # Errors
    /// As a statement.
    fn savepoint(&self, number: u32) -> BoxFuture<'_, Result<()>>;

    /// Forgets a savepoint and those behind it; what was done since stays.
    ///
    /// # Errors
    /// As a statement.
    fn release(&self, number: u32) -> BoxFuture<'_, Result<()>>;

    /// Takes back what was done since a savepoint, and forgets it and those behind it.
    ///
    /// # Errors
    /// As a statement.
    fn rollback_to(&self, number: u32) -> BoxFuture<'_, Result<()>>;

    /// The same without waiting: done before the next statement.
    fn abandon_to(&self, number: u32);

    /// Keeps the changes. The state is ended after it, whatever it answers.
    ///
    /// # Errors
    /// A serialization failure; UNAVAILABLE or INTERNAL from the store. Nothing is kept then, or nobody knows.
    fn commit(&self) -> BoxFuture<'_, Result<()>>;

    /// Takes the changes back. The state is ended already.
    ///
    /// # Errors
    /// UNAVAILABLE or INTERNAL from the store, which keeps nothing all the same.
    fn rollback(&self) -> BoxFuture<'_, Result<()>>;

    /// The same without waiting, from a `drop`, with or without a runtime. A running statement is stopped.
    fn abandon(&self);
}

/// The transaction that a context carries.
#[derive(Clone)]
pub struct InTransaction {
    pub(super) datasource: Arc<str>,
    pub(super) driver: Arc<dyn TransactionDriver>,
    pub(super) savepoints: Arc<super::handle::Savepoints>,
}

impl InTransaction {
    /// The transaction of a context, if it carries one. Asked on every call, so it costs next to nothing.
    #[inline]
    #[must_use]
    pub fn of(cx: &CallContext) -> Option<&Self> {
        cx.extensions().get()
    }

    /// The datasource in which it was begun.
    #[must_use]
    pub fn datasource(&self) -> &str {
        &self.datasource
    }

    /// The driver, for a connector that knows its own by type and `owns`.
    ///
    /// # Errors
    /// FAILED_PRECONDITION that names both datasources when the transaction is another connector's, or has ended.
    pub fn driver<D: TransactionDriver>(
        &self,
        datasource: &str,
        owns: impl FnOnce(&D) -> bool,
    ) -> Result<&D> {
        let driver: &dyn Any = &*self.driver;
        match driver.downcast_ref::<D>().filter(|driver| owns(driver)) {
            Some(driver) => {
                driver.state().check()?;
                Ok(driver)
            }
            None => Err(self.foreign(datasource)),
        }
    }

    /// FAILED_PRECONDITION: the transaction is not one of this datasource.
    #[must_use]
    pub fn foreign(&self, datasource: &str) -> Error {
        Error::failed_precondition(format!(
            "the transaction is one of the datasource `{}`, and this call needs the datasource `{datasource}`; a \
             transaction cannot span both",
            self.datasource
        ))
    }
}

impl fmt::Debug for InTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InTransaction")
            .field("datasource", &self.datasource)
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
