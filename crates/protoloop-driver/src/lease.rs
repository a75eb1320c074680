//! A connection in use.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use tokio::sync::OwnedSemaphorePermit;

use crate::{Driver, Failure, Link as _, Pool};

/// How long stopping a statement may take before its connection is dropped all the same.
const STOPPING: Duration = Duration::from_secs(2);

/// A connection that goes back when it is dropped: at once when its last statement was answered, otherwise once the server
/// has stopped what runs on it.
pub(crate) struct Lease<D: Driver> {
    /// `Some` until it is dropped.
    link: Option<(D::Link, OwnedSemaphorePermit)>,
    pool: Arc<Pool<D>>,
    /// Whether it lay unused before, and the server may have gone away meanwhile.
    doubtful: bool,
    /// Whether the last statement was answered.
    answered: bool,
    broken: bool,
}

impl<D: Driver> Lease<D> {
    pub(crate) fn new(
        pool: &Arc<Pool<D>>,
        link: D::Link,
        permit: OwnedSemaphorePermit,
        doubtful: bool,
    ) -> Self {
        Self {
            link: Some((link, permit)),
            pool: Arc::clone(pool),
            doubtful,
            answered: true,
            broken: false,
        }
    }

    /// Says how the last statement went: the connection can be used again, or is of no more use.
    pub(crate) fn done<T>(&mut self, outcome: &Result<T, Failure>) {
        match outcome {
            Err(failure) if failure.breaks() => self.broken = true,
            _ => {
                self.answered = true;
                self.doubtful = false;
            }
        }
    }

    /// What opened it.
    pub(crate) fn driver(&self) -> &Arc<D> {
        self.pool.driver()
    }

    /// Says that a statement begins, whose answer is awaited.
    pub(crate) fn working(&mut self) {
        self.answered = false;
    }

    /// Says that the connection is of no more use.
    pub(crate) fn discard(&mut self) {
        self.broken = true;
    }

    /// Says goodbye to the server: what the connection was set to, and holds, ends with it.
    pub(crate) async fn close(mut self) {
        if let Some((link, permit)) = self.link.take() {
            link.close().await;
            drop(permit);
        }
    }

    /// Whether a failure says no more than that a connection died while it lay unused. Then it was replaced by a new one,
    /// and what was tried may be tried again, if the server did nothing of it.
    pub(crate) async fn replaced<T>(&mut self, outcome: &Result<T, Failure>) -> bool {
        let lost = matches!(outcome, Err(failure) if failure.breaks());
        if !(lost && self.doubtful) {
            return false;
        }
        self.pool.forget_idle();
        self.doubtful = false;
        match self.pool.connect().await {
            Ok(new) => {
                if let Some((link, _)) = &mut self.link {
                    *link = new;
                }
                true
            }
            Err(_) => false,
        }
    }
}

impl<D: Driver> Deref for Lease<D> {
    type Target = D::Link;

    fn deref(&self) -> &D::Link {
        &self.link.as_ref().expect("taken only by drop").0
    }
}

impl<D: Driver> DerefMut for Lease<D> {
    fn deref_mut(&mut self) -> &mut D::Link {
        &mut self.link.as_mut().expect("taken only by drop").0
    }
}

impl<D: Driver> Drop for Lease<D> {
    fn drop(&mut self) {
        let Some((link, permit)) = self.link.take() else {
            return;
        };
        if self.broken {
            return;
        }
        if self.answered {
            self.pool.give_back(link);
            return;
        }
        // Without a runtime the connection is closed, which the server sees when the statement is over.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let driver = Arc::clone(self.pool.driver());
        runtime.spawn(async move {
            let stop = driver.cancel(link.number());
            match tokio::time::timeout(STOPPING, stop).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => {
                    tracing::debug!(error = %fault.source, "a statement was not stopped");
                }
                Err(_) => tracing::debug!("a statement was not stopped in time"),
            }
            // What is left of the answer would have to be read; a new connection is cheaper.
            drop(link);
            drop(permit);
        });
    }
}
