//! Signs of life in a stream of events.

use std::{fmt, sync::Arc, time::Duration};

use protoloop_core::BoxFuture;

/// How long a stream of events may take for its first message before its head goes out without it; and a WebSocket before
/// it is opened.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a silent stream of events sends a comment, so that what stands between server and caller does not take it
/// for dead. The waiting itself is the runtime's, so whoever has one brings it.
#[derive(Clone)]
pub struct KeepAlive {
    interval: Duration,
    sleep: Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>,
}

impl KeepAlive {
    /// A comment after each `interval` of silence; `sleep` gives a future that is done after a time.
    pub fn new(
        interval: Duration,
        sleep: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self {
            interval,
            sleep: Arc::new(sleep),
        }
    }

    /// Until a caller is not to wait any longer for the head.
    pub(crate) fn patience(&self) -> BoxFuture<'static, ()> {
        (self.sleep)(PATIENCE.min(self.interval))
    }

    pub(super) fn wait(&self) -> BoxFuture<'static, ()> {
        (self.sleep)(self.interval)
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive")
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
