//! Connections that read.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
};

use protoloop_core::{Result, observe::Connections};
use sqlx::{
    Connection as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    connection::{Connected, Stop},
    error::closed,
};

/// A stack of connections, each opened when the ones before it are taken: the last one used is the next, because its
/// cache is warm. (The driver's own pool pings a connection in a task of its own each time it comes back.)
#[derive(Debug)]
pub(crate) struct Readers {
    options: SqliteConnectOptions,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connected>>,
    size: u32,
}

impl Readers {
    pub(crate) fn new(options: SqliteConnectOptions, size: u32) -> Arc<Self> {
        Arc::new(Self {
            options,
            permits: Arc::new(Semaphore::new(size as usize)),
            idle: Mutex::default(),
            size,
        })
    }

    /// Takes a connection, waiting for one where all are taken.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Reader> {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .map_err(|_| closed())?;
        let idle = self.idle().pop();
        let connected = match idle {
            Some(connected) => connected,
            None => Connected::open(&self.options).await?,
        };
        Ok(Reader {
            connected: Some((connected, permit)),
            readers: Arc::clone(self),
            finished: true,
        })
    }

    /// Whether a connection can be had at once.
    pub(crate) fn has_free(&self) -> bool {
        self.permits.available_permits() > 0
    }

    /// How many there are at this moment.
    pub(crate) fn connections(&self) -> Connections {
        let most = self.size as usize;
        Connections {
            most,
            used: most.saturating_sub(self.permits.available_permits()),
            idle: self.idle().len(),
        }
    }

    /// Waits for the reads under way and closes all connections.
    pub(crate) async fn close(&self) {
        // Fails only when it is closed already.
        let _all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle());
        for connected in idle {
            if let Err(error) = connected.connection.close().await {
                tracing::warn!(%error, "a reading connection did not close");
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connected>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when it is dropped.
#[derive(Debug)]
pub(crate) struct Reader {
    /// `Some` until it is dropped.
    connected: Option<(Connected, OwnedSemaphorePermit)>,
    readers: Arc<Readers>,
    finished: bool,
}

impl Reader {
    /// The means to stop what runs on it.
    pub(crate) fn stop(&self) -> &Stop {
        self.connected().stop()
    }

    fn connected(&self) -> &Connected {
        let (connected, _) = self.connected.as_ref().expect("taken only by drop");
        connected
    }

    /// Closes the connection instead of giving it back.
    pub(crate) fn discard(mut self) {
        self.connected = None;
    }

    /// Says that the answer was read to its end, so the connection can be used again at once.
    pub(crate) fn finish(&mut self) {
        self.finished = true;
    }
}

impl Deref for Reader {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connected().connection
    }
}

impl DerefMut for Reader {
    /// For a statement, whose answer is to be read to its end.
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.finished = false;
        &mut self
            .connected
            .as_mut()
            .expect("taken only by drop")
            .0
            .connection
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some((mut connected, permit)) = self.connected.take() else {
            return;
        };
        if self.finished {
            self.readers.idle().push(connected);
            return;
        }
        // The query was given up and may still run: stop it, and give the connection back when it has stopped. Without a
        // runtime the connection is closed instead.
        connected.stop().stop(connected.stop().number());
        let readers = Arc::clone(&self.readers);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if connected.connection.ping().await.is_ok() {
                    connected.stop().pass();
                    readers.idle().push(connected);
                }
                drop(permit);
            });
        }
    }
}
