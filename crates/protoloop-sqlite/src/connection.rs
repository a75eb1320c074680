//! One connection.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use protoloop_core::Result;
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::error::of_driver;

/// How many steps of the database's machine pass between two looks at whether a statement was given up.
const STEPS: i32 = 4_000;

/// A connection, and the means to stop what runs on it.
#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) connection: SqliteConnection,
    stop: Stop,
}

/// Stops what runs on a connection. Whoever uses it has a number; to stop a number that has passed stops nothing.
#[derive(Clone, Debug)]
pub(crate) struct Stop(Arc<Numbers>);

#[derive(Debug)]
struct Numbers {
    current: AtomicU64,
    stopped: AtomicU64,
}

impl Stop {
    fn new() -> Self {
        Self(Arc::new(Numbers {
            current: AtomicU64::new(1),
            stopped: AtomicU64::new(0),
        }))
    }

    /// The number of who uses the connection now.
    pub(crate) fn number(&self) -> u64 {
        self.0.current.load(Ordering::Acquire)
    }

    /// Stops the statements of a number.
    pub(crate) fn stop(&self, number: u64) {
        self.0.stopped.fetch_max(number, Ordering::AcqRel);
    }

    /// Ends the present number: what comes next is not stopped.
    pub(crate) fn pass(&self) {
        self.0.current.fetch_add(1, Ordering::AcqRel);
    }

    fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire) >= self.0.current.load(Ordering::Acquire)
    }
}

impl Connected {
    pub(crate) async fn open(options: &SqliteConnectOptions) -> Result<Self> {
        let mut connection = options.connect().await.map_err(of_driver)?;
        let stop = Stop::new();
        let flag = stop.clone();
        connection
            .lock_handle()
            .await
            .map_err(of_driver)?
            .set_progress_handler(STEPS, move || !flag.is_stopped());
        Ok(Self { connection, stop })
    }

    pub(crate) fn stop(&self) -> &Stop {
        &self.stop
    }
}
