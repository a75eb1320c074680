//! Things that begin and end, and how long nothing of them changes.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::time::sleep;

/// How often within a limit the counts are looked at.
const LOOKS: u32 = 4;

/// Counts what begins and ends. Counters only: a call must not read the clock for the sake of somebody who waits for the
/// absence of calls.
#[derive(Debug, Default)]
pub(super) struct Turns {
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Turns {
    pub(super) fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one has ever begun.
    pub(super) fn any(&self) -> bool {
        self.begun.load(Ordering::Relaxed) > 0
    }

    /// Returns when for `limit`, and a quarter of it longer at most, none has begun; and all that time one was under way
    /// if `busy`, else none.
    pub(super) async fn unchanged(&self, limit: Duration, busy: bool) {
        let (mut looks, mut seen) = (0, 0);
        while looks < LOOKS {
            sleep(limit / LOOKS).await;
            let ended = self.ended.load(Ordering::Relaxed);
            let begun = self.begun.load(Ordering::Relaxed);
            let same = (begun != ended) == busy && begun == seen;
            looks = if same { looks + 1 } else { 0 };
            seen = begun;
        }
    }
}
