//! Transactions, which travel in the call context.
//!
//! [`Connector::begin`](crate::Connector::begin) gives a [`Transaction`]. What is called with its [`Transaction::cx`] works
//! inside it; what is called with another context does not. [`Connector::transaction`](crate::ConnectorExt::transaction)
//! runs a closure in one, and again after a serialization failure.
//!
//! For connectors: [`TransactionDriver`] is what they do for a transaction, [`InTransaction`] what their repositories ask.

mod driver;
mod handle;
mod options;
mod retry;
mod state;
#[cfg(test)]
mod tests;

pub use driver::{InTransaction, TransactionDriver};
pub use handle::Transaction;
pub use options::{Isolation, TransactionOptions};
pub(crate) use retry::run;
pub use retry::{is_serialization_failure, serialization_failure};
pub use state::{Ended, TransactionState};
