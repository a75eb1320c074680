use std::time::Duration;

use protoloop_core::{CallContext, Code, Error};

use super::{Ended, TransactionState, is_serialization_failure, serialization_failure};
use crate::{
    Connector as _, ConnectorExt as _, MemoryConnector, TransactionOptions, testing::model,
};

#[test]
fn a_state_ends_once() {
    let state = TransactionState::default();
    assert!(state.is_active() && state.check().is_ok());
    assert!(state.end(Ended::TimedOut(Duration::from_secs(1))));
    assert!(!state.end(Ended::Committed));
    let error = state.check().expect_err("ended");
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(
        error.message(),
        "the transaction took longer than 1s and was rolled back"
    );
}

#[test]
fn a_serialization_failure_is_no_etag_mismatch() {
    assert!(is_serialization_failure(&serialization_failure()));
    let book = model("shop.v1.Book");
    assert!(!is_serialization_failure(&book.etag_mismatch(&"a".into())));
    assert!(!is_serialization_failure(&Error::aborted("another")));
}

/// A closure that meets another transaction `failures` times.
async fn tried(
    cx: &CallContext,
    options: &TransactionOptions,
    failures: u32,
) -> (Option<Code>, u32) {
    let connector = MemoryConnector::new();
    let tries = std::sync::atomic::AtomicU32::new(0);
    let outcome = connector
        .transaction(cx, options, |_| async {
            let before = tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            match before < failures {
                true => Err(serialization_failure()),
                false => Ok(()),
            }
        })
        .await;
    (outcome.err().map(|error| error.code()), tries.into_inner())
}

#[tokio::test]
async fn serialization_failures_are_tried_again() {
    let cx = CallContext::new();
    let options = TransactionOptions::new().backoff(Duration::from_millis(1));
    assert_eq!(tried(&cx, &options, 0).await, (None, 1));
    assert_eq!(tried(&cx, &options, 4).await, (None, 5));
    assert_eq!(tried(&cx, &options, 5).await, (Some(Code::Aborted), 5));
    let once = options.clone().attempts(0);
    assert_eq!(tried(&cx, &once, 1).await, (Some(Code::Aborted), 1));
}

#[tokio::test]
async fn other_failures_are_not() {
    let connector = MemoryConnector::new();
    let tries = std::sync::atomic::AtomicU32::new(0);
    let options = TransactionOptions::new();
    let cx = CallContext::new();
    let outcome = connector.transaction(&cx, &options, |_| async {
        tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Err::<(), _>(Error::aborted("the etag"))
    });
    assert_eq!(outcome.await.expect_err("failed").code(), Code::Aborted);
    assert_eq!(tries.into_inner(), 1);
}

#[tokio::test]
async fn a_panic_rolls_back() {
    let connector = std::sync::Arc::new(MemoryConnector::new());
    let books = model("shop.v1.Book");
    connector
        .prepare(std::slice::from_ref(&books))
        .await
        .expect("prepared");
    let own = std::sync::Arc::clone(&connector);
    let task = tokio::spawn(async move {
        let options = TransactionOptions::new();
        let cx = CallContext::new();
        own.transaction(&cx, &options, |_| async {
            panic!("on purpose") as protoloop_core::Result<()>
        })
        .await
    });
    assert!(task.await.expect_err("panicked").is_panic());
    // The next has its turn at once.
    let cx = CallContext::new();
    let options = TransactionOptions::new();
    let next = connector.begin(&cx, &options);
    let next = tokio::time::timeout(Duration::from_secs(5), next).await;
    assert!(next.expect("no wait").expect("begun").is_active());
}

#[tokio::test]
async fn the_refusal_of_another_datasource_names_both() {
    let connector = MemoryConnector::new();
    let cx = CallContext::new();
    let transaction = connector
        .begin(&cx, &TransactionOptions::new())
        .await
        .expect("begun");
    let inside = super::InTransaction::of(transaction.cx()).expect("inside");
    assert_eq!(
        inside.foreign("archive").message(),
        "the transaction is one of the datasource `memory`, and this call needs the datasource `archive`; a transaction \
         cannot span both"
    );
}

#[tokio::test]
async fn a_nested_one_cannot_ask_for_more() {
    let connector = MemoryConnector::new();
    let cx = CallContext::new();
    let options = TransactionOptions::new().read_only();
    let reading = connector.begin(&cx, &options).await.expect("begun");
    let writing = TransactionOptions::new();
    let nested = connector.begin(reading.cx(), &writing);
    let error = nested.await.expect_err("refused");
    assert_eq!(error.code(), Code::FailedPrecondition);
    let nested = connector.begin(reading.cx(), &options).await;
    assert!(nested.expect("a savepoint").is_active());
}

#[tokio::test]
async fn savepoints_are_bounded() {
    let connector = MemoryConnector::new();
    let cx = CallContext::new();
    let whole = connector.begin(&cx, &TransactionOptions::new()).await;
    let whole = whole.expect("begun");
    let mut open = Vec::new();
    let error = loop {
        match whole.savepoint().await {
            Ok(savepoint) => open.push(savepoint),
            Err(error) => break error,
        }
    };
    assert_eq!((open.len(), error.code()), (64, Code::FailedPrecondition));
    open.clear();
    assert!(whole.savepoint().await.is_ok());
}
