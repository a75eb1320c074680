use std::{future::poll_fn, pin::pin};

use futures_util::FutureExt as _;

use super::*;

const LIMIT: Duration = Duration::from_secs(20);

fn outgoing() -> Outgoing {
    Outgoing::new(Waker::noop().clone(), LIMIT)
}

/// Polls a connection that has not come to its end.
fn poll(outgoing: &Outgoing) {
    let connection = std::future::pending::<()>();
    assert!(outgoing.poll(pin!(connection)).is_pending());
}

#[tokio::test(start_paused = true)]
async fn who_waits_hears_when_all_is_out() {
    let outgoing = outgoing();
    let mut gone = pin!(outgoing.gone());
    outgoing.written.store(true, Ordering::Relaxed);
    poll(&outgoing);
    assert!(gone.as_mut().now_or_never().is_none(), "not flushed");
    outgoing.written.store(false, Ordering::Relaxed);
    poll(&outgoing);
    assert!(gone.as_mut().now_or_never().is_some());
    assert!(!outgoing.wanted.load(Ordering::Relaxed), "nobody waits");
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_was_under_way_is_not_enough() {
    let outgoing = outgoing();
    let mut gone = None;
    let connection = poll_fn(|_| {
        gone = Some(Box::pin(outgoing.gone()));
        Poll::<()>::Pending
    });
    assert!(outgoing.poll(pin!(connection)).is_pending());
    let mut gone = gone.expect("it was polled");
    assert!(
        gone.as_mut().now_or_never().is_none(),
        "it may be too early"
    );
    poll(&outgoing);
    assert!(gone.as_mut().now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_given_up() {
    let outgoing = outgoing();
    let mut gone = pin!(outgoing.gone());
    outgoing.written.store(true, Ordering::Relaxed);
    poll(&outgoing);
    tokio::time::advance(LIMIT / 2).await;
    assert!(gone.as_mut().now_or_never().is_none());
    tokio::time::advance(LIMIT).await;
    assert!(gone.as_mut().now_or_never().is_some());
}
