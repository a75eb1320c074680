//! How long the head of a request may take.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use futures_util::task::AtomicWaker;
use hyper::rt::{Sleep, Timer};

use super::turns::Turns;

/// hyper's timer for the heads of one HTTP/1.1 connection.
///
/// hyper starts and stops it with every request. A timer of the runtime would read the clock and take the lock of the timer
/// wheel for that; this one counts, and [`HeadTimer::watch`] looks at the count now and then. So a head has the limit, and a
/// quarter of it more at most.
#[derive(Clone, Debug)]
pub(super) struct HeadTimer(Arc<Waiting>);

#[derive(Debug)]
struct Waiting {
    /// One per head.
    waits: Turns,
    late: AtomicBool,
    waker: AtomicWaker,
    /// What the timer calls now; hyper adds the limit to it, and nobody reads the sum.
    made: Instant,
}

impl HeadTimer {
    pub(super) fn new() -> Self {
        Self(Arc::new(Waiting {
            waits: Turns::default(),
            late: AtomicBool::new(false),
            waker: AtomicWaker::new(),
            made: Instant::now(),
        }))
    }

    /// Ends a wait that takes longer than `limit`. To be polled beside the connection; never returns.
    pub(super) async fn watch(&self, limit: Duration) {
        let waiting = &*self.0;
        loop {
            waiting.waits.unchanged(limit, true).await;
            waiting.late.store(true, Ordering::Relaxed);
            waiting.waker.wake();
        }
    }
}

impl Timer for HeadTimer {
    fn sleep(&self, _: Duration) -> Pin<Box<dyn Sleep>> {
        self.0.waits.begin();
        Box::pin(Wait(Arc::clone(&self.0)))
    }

    fn sleep_until(&self, _: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(Duration::ZERO)
    }

    fn now(&self) -> Instant {
        self.0.made
    }
}

/// One wait for a head.
struct Wait(Arc<Waiting>);

impl Sleep for Wait {}

impl Future for Wait {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.late.load(Ordering::Relaxed) {
            return Poll::Ready(());
        }
        self.0.waker.register(cx.waker());
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.0.waits.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(4);

    /// Whether a wait ends within a time.
    async fn ends(wait: &mut Pin<Box<dyn Sleep>>, within: Duration) -> bool {
        tokio::time::timeout(within, wait).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_behind_the_limit() {
        let timer = HeadTimer::new();
        let watched = timer.clone();
        let watch = tokio::spawn(async move { watched.watch(LIMIT).await });
        let mut wait = timer.sleep(LIMIT);
        assert!(!ends(&mut wait, LIMIT).await);
        assert!(ends(&mut wait, LIMIT / 4 + Duration::from_millis(1)).await);
        watch.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn many_short_waits_are_no_long_one() {
        let timer = HeadTimer::new();
        let watched = timer.clone();
        let watch = tokio::spawn(async move { watched.watch(LIMIT).await });
        for _ in 0..10 {
            assert!(!ends(&mut timer.sleep(LIMIT), LIMIT / 3).await);
        }
        // Nor is the time between them.
        tokio::time::sleep(LIMIT * 3).await;
        assert!(!ends(&mut timer.sleep(LIMIT), LIMIT).await);
        watch.abort();
    }
}
