//! What stands in for metrics and traces in a program that was built without them.

use std::{future::Future, sync::Arc};

use protoloop::observe::Observer;

use crate::{args::Surface, output::Failure};

/// Nothing watches.
pub(super) struct Watching;

impl Watching {
    /// Refuses `--metrics`.
    #[allow(clippy::unused_async, reason = "the one that watches has to wait")]
    pub(super) async fn start(surface: &Surface) -> Result<Self, Failure> {
        match surface.metrics {
            None => Ok(Self),
            Some(address) => Err(Failure::at(
                format_args!("--metrics {address}"),
                "this protoloop was built without metrics; build it with the feature `metrics`",
            )),
        }
    }

    #[allow(clippy::unused_self, reason = "the one that watches has to look")]
    pub(super) fn observer(&self) -> Option<Arc<dyn Observer>> {
        None
    }

    #[allow(clippy::unused_self, reason = "the one that watches has a page")]
    pub(super) fn announce(&self) {}

    #[allow(clippy::unused_self, reason = "the one that watches notes the time")]
    pub(super) fn noticing(
        &self,
        signal: impl Future<Output = ()> + Send,
    ) -> impl Future<Output = ()> + Send {
        signal
    }

    #[allow(clippy::unused_async, reason = "the one that watches has to wait")]
    pub(super) async fn finish(self) {}
}
