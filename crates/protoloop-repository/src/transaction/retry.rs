//! Running a closure in a transaction, again when it met another.

use std::{
    future::Future,
    hash::{BuildHasher as _, RandomState},
    time::Duration,
};

use protoloop_core::{BoxFuture, CallContext, Code, Detail, Error, Result};

use super::{InTransaction, Transaction, TransactionOptions};

/// The reason in the ErrorInfo of a serialization failure.
const REASON: &str = "SERIALIZATION_FAILURE";
const DOMAIN: &str = "protoloop";
const MAX_WAIT: Duration = Duration::from_secs(1);

/// ABORTED: the transaction met another one and was rolled back; run it again. For connectors, which put the driver's
/// error behind it as source.
#[must_use]
pub fn serialization_failure() -> Error {
    Error::aborted("the transaction met another one and was rolled back; try again")
        .with_detail(Detail::ErrorInfo {
            reason: REASON.to_owned(),
            domain: DOMAIN.to_owned(),
            metadata: Vec::new(),
        })
        .with_detail(Detail::RetryInfo {
            retry_delay: Duration::from_millis(10),
        })
}

/// Whether an error says so. An etag that does not match is ABORTED as well, but no serialization failure.
#[must_use]
pub fn is_serialization_failure(error: &Error) -> bool {
    let says_so = |detail: &Detail| matches!(detail, Detail::ErrorInfo { reason, domain, .. } if reason == REASON && domain == DOMAIN);
    error.code() == Code::Aborted && error.details().iter().any(says_so)
}

/// Runs `work` in a transaction of `begin`: commits it, rolls it back on an error, and begins anew after a serialization
/// failure as the options say. In a transaction already it is a savepoint, and the whole is its owner's to repeat.
pub(crate) async fn run<'b, T, Work, Fut>(
    cx: &CallContext,
    options: &TransactionOptions,
    begin: impl Fn() -> BoxFuture<'b, Result<Transaction>> + Send + Sync,
    work: Work,
) -> Result<T>
where
    Work: Fn(CallContext) -> Fut + Send + Sync,
    Fut: Future<Output = Result<T>> + Send,
    T: Send,
{
    let attempts = match InTransaction::of(cx) {
        Some(_) => 1,
        None => options.attempts.max(1),
    };
    let mut attempt = 1;
    loop {
        match once(&begin, &work).await {
            Err(error) if attempt < attempts && is_serialization_failure(&error) => {
                let wait = wait(options.backoff, attempt);
                if cx.remaining().is_some_and(|left| left <= wait) {
                    return Err(error);
                }
                tokio::time::sleep(wait).await;
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

async fn once<'b, T, Fut: Future<Output = Result<T>> + Send>(
    begin: impl Fn() -> BoxFuture<'b, Result<Transaction>>,
    work: impl Fn(CallContext) -> Fut,
) -> Result<T> {
    let transaction = begin().await?;
    // A panic drops the transaction, which rolls it back.
    match work(transaction.cx().clone()).await {
        Ok(answer) => {
            transaction.commit().await?;
            Ok(answer)
        }
        Err(error) => {
            // What went wrong first is what the caller can act on.
            let _ = transaction.rollback().await;
            Err(error)
        }
    }
}

/// A random time up to the backoff of an attempt.
fn wait(backoff: Duration, attempt: u32) -> Duration {
    let most = backoff
        .saturating_mul(1 << (attempt - 1).min(16))
        .min(MAX_WAIT);
    // The keys of the standard library's hash maps are random.
    let random = RandomState::new().hash_one(attempt);
    most.mul_f64(random as f64 / u64::MAX as f64)
}
