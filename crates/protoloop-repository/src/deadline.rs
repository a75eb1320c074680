//! Deadlines of calls.

use std::future::Future;

use protoloop_core::{CallContext, Error};

/// Runs `work` until the call's deadline; then it is dropped, which stops what it does.
///
/// # Errors
/// DEADLINE_EXCEEDED when the deadline passes first; what `work` answers.
pub async fn within<T, E: From<Error>>(
    cx: &CallContext,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(deadline) = cx.deadline() else {
        return work.await;
    };
    cx.check_deadline()?;
    match tokio::time::timeout_at(deadline.into(), work).await {
        Ok(outcome) => outcome,
        Err(_) => {
            let late = "the call's deadline passed while the database worked";
            Err(Error::deadline_exceeded(late).into())
        }
    }
}
