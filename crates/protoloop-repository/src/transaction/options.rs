//! What a transaction is asked to be.

use std::time::Duration;

/// How a transaction is begun, and how often it is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionOptions {
    /// What it must not see of others. Default: [`Isolation::ReadCommitted`].
    pub isolation: Isolation,
    /// How long it may take; then it is rolled back and its statements are stopped. Default: 30 seconds.
    pub timeout: Duration,
    /// Whether it only reads; a write in it is refused. Default: no.
    pub read_only: bool,
    /// How often `transaction` tries: once, and again after serialization failures. Default: 5.
    pub attempts: u32,
    /// How long `transaction` waits before the second try, at most; each further wait may be twice as long, up to a
    /// second. The wait is random between zero and that. Default: 10 milliseconds.
    pub backoff: Duration,
}

/// The least that a transaction is isolated from others. A connector may give more: SQLite and memory always give
/// [`Isolation::Serializable`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    #[default]
    ReadCommitted,
    /// All statements see what was committed before the first.
    RepeatableRead,
    /// As if transactions ran one after the other; one that cannot be put in such an order fails and may be tried again.
    Serializable,
}

impl Default for TransactionOptions {
    fn default() -> Self {
        Self {
            isolation: Isolation::default(),
            timeout: Duration::from_secs(30),
            read_only: false,
            attempts: 5,
            backoff: Duration::from_millis(10),
        }
    }
}

impl TransactionOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets [`TransactionOptions::isolation`].
    #[must_use]
    pub fn isolation(mut self, isolation: Isolation) -> Self {
        self.isolation = isolation;
        self
    }

    /// Sets [`TransactionOptions::timeout`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets [`TransactionOptions::read_only`].
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Sets [`TransactionOptions::attempts`]; zero counts as one.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// Sets [`TransactionOptions::backoff`].
    #[must_use]
    pub fn backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }
}
