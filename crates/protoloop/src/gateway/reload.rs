//! The schema again, while the gateway serves.

use std::{sync::Arc, time::Duration};

use protoloop_server::Replacer;
use protoloop_wire::Tables;
use tokio::sync::Notify;

use super::{
    GatewayError, dispatcher,
    source::{LoadError, Loaded, Source},
    watch::Watched,
};

/// How long a file must have been left alone before it is read: whoever writes it may not be done.
const SETTLE: Duration = Duration::from_millis(100);

/// Has a running gateway read its schema again, at once.
#[derive(Clone, Debug, Default)]
pub struct Reloader(Arc<Notify>);

impl Reloader {
    /// Asks for it; returns before it is done.
    pub fn reload(&self) {
        self.0.notify_one();
    }
}

/// Reads the schema again when there is reason to.
pub(super) struct Reloading {
    source: Source,
    watched: Watched,
    /// What is served now.
    present: Loaded,
    replacer: Replacer,
    interval: Duration,
    asked: Reloader,
}

impl Reloading {
    pub(super) fn new(
        source: Source,
        watched: Watched,
        present: Loaded,
        replacer: Replacer,
        interval: Duration,
    ) -> Self {
        Self {
            source,
            watched,
            present,
            replacer,
            interval,
            asked: Reloader::default(),
        }
    }

    pub(super) fn reloader(&self) -> Reloader {
        self.asked.clone()
    }

    /// Never returns.
    pub(super) async fn run(mut self) {
        // What is wrong is told once, not at every interval.
        let mut refused = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.interval) => {}
                () = self.asked.0.notified() => {
                    tracing::info!("asked to read the schema again");
                    refused = None;
                }
                () = self.watched.changed() => tokio::time::sleep(SETTLE).await,
            }
            match self.source.load().await {
                Ok(loaded) if loaded == self.present => refused = None,
                Ok(loaded) if refused.as_ref() == Some(&loaded) => {}
                Ok(loaded) => match self.replace(&loaded) {
                    Ok(()) => {
                        self.present = loaded;
                        refused = None;
                    }
                    Err(error) => {
                        tracing::error!(%error, "the new schema cannot be served; the old one stays");
                        refused = Some(loaded);
                    }
                },
                Err(LoadError::Later(why)) => {
                    tracing::warn!(why, "the schema cannot be read again at the moment");
                }
                Err(LoadError::Wrong(error)) => {
                    tracing::error!(%error, "the new schema cannot be read; the old one stays");
                }
            }
        }
    }

    fn replace(&self, loaded: &Loaded) -> Result<(), GatewayError> {
        let schema = Arc::new(loaded.schema()?);
        let (services, methods) = (schema.services().len(), schema.methods().len());
        let dispatcher = dispatcher(
            &schema,
            &self.source.upstreams,
            self.source.observer.as_ref(),
        );
        let replaced = self.replacer.replace(&Tables::new(&schema), dispatcher);
        replaced.map_err(|error| GatewayError::Problems(error.problems().to_vec()))?;
        tracing::info!(services, methods, "a new schema is served");
        Ok(())
    }
}
