//! Connections that are kept open.

use std::{
    fmt,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protoloop_core::{Result, observe::Connections};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Driver, Failure, Fault, FaultKind, Link as _,
    fault::{busy, closed},
    lease::Lease,
};

/// How many connections there are, and how long is waited for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Most connections at the same time. Default: 10.
    pub connections: NonZeroU32,
    /// How long a call waits for a connection while all are taken. Default: 5 seconds.
    pub acquire_timeout: Duration,
    /// How long opening a connection may take. Default: 5 seconds.
    pub connect_timeout: Duration,
    /// How long a connection stays open unused. Default: 10 minutes.
    pub idle_timeout: Duration,
    /// How long a statement may run on the server, whatever its caller's deadline; zero for no bound. Default: 30 seconds.
    pub statement_timeout: Duration,
    /// How long a step of a migration waits at once for the locks of other transactions, while the table is closed to
    /// those behind it; then it lets them pass and tries again. Default: 3 seconds.
    pub lock_timeout: Duration,
    /// Whether reads by key that wait for a connection share a statement. Default: true.
    pub gather: bool,
}

const CONNECTIONS: NonZeroU32 = NonZeroU32::new(10).expect("10 is not zero");
/// A connection that was unused for longer is asked whether it lives before it is used.
const DOUBT: Duration = Duration::from_secs(1);
/// After a failure to connect, others fail the same way for this long instead of trying as well.
const PAUSE: Duration = Duration::from_millis(100);

/// Reads by key of one model go by themselves over one in so many connections, and wait for each other beyond, in twice as
/// many statements where they take long. More would be answered later and not sooner: a server is as long about a statement
/// of one key as about one of twenty.
const CONNECTIONS_OF_LANE: u32 = 10;

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connections: CONNECTIONS,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(600),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(3),
            gather: true,
        }
    }
}

/// A stack of connections, each opened when the ones before it are taken: the last one used is the next, because its caches
/// are warm, and the others may grow old.
pub struct Pool<D: Driver> {
    driver: Arc<D>,
    options: PoolOptions,
    permits: Arc<Semaphore>,
    state: Mutex<State<D::Link>>,
}

struct State<L> {
    idle: Vec<Idle<L>>,
    /// When connecting failed last, and how.
    failed: Option<(Instant, FaultKind, String)>,
}

struct Idle<L> {
    link: L,
    since: Instant,
}

impl<D: Driver> Pool<D> {
    /// A pool without connections yet.
    #[must_use]
    pub fn new(driver: Arc<D>, options: PoolOptions) -> Arc<Self> {
        Arc::new(Self {
            permits: Arc::new(Semaphore::new(options.connections.get() as usize)),
            driver,
            options,
            state: Mutex::new(State {
                idle: Vec::new(),
                failed: None,
            }),
        })
    }

    /// The driver.
    #[must_use]
    pub fn driver(&self) -> &Arc<D> {
        &self.driver
    }

    fn state(&self) -> MutexGuard<'_, State<D::Link>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`PoolOptions::lock_timeout`].
    pub(crate) fn lock_timeout(&self) -> Duration {
        self.options.lock_timeout
    }

    /// Whether reads by key that wait share a statement.
    pub(crate) fn gathers(&self) -> bool {
        self.options.gather
    }

    /// How many statements that ask for rows of one model by key are under way at once.
    pub(crate) fn lanes(&self) -> usize {
        (self.options.connections.get() / CONNECTIONS_OF_LANE).max(1) as usize
    }

    /// Whether a connection can be had at once.
    pub(crate) fn has_free(&self) -> bool {
        self.permits.available_permits() > 0
    }

    /// How many there are at this moment.
    pub(crate) fn connections(&self) -> Connections {
        let most = self.options.connections.get() as usize;
        Connections {
            most,
            used: most.saturating_sub(self.permits.available_permits()),
            idle: self.state().idle.len(),
        }
    }

    /// The right to a connection, where one is free.
    fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).try_acquire_owned().ok()
    }

    /// Takes a connection: one that is open, or a new one. Waits where all are taken.
    pub(crate) async fn take(self: &Arc<Self>) -> Result<Lease<D>, Failure> {
        let permit = match self.free() {
            Some(permit) => permit,
            None => {
                let acquire = Arc::clone(&self.permits).acquire_owned();
                match tokio::time::timeout(self.options.acquire_timeout, acquire).await {
                    Ok(Ok(permit)) => permit,
                    Ok(Err(_)) => return Err(closed().into()),
                    Err(_) => return Err(busy().into()),
                }
            }
        };
        self.open(permit).await
    }

    /// A connection, for whoever has the right to one.
    async fn open(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Result<Lease<D>, Failure> {
        while let Some(mut idle) = self.pop() {
            if idle.since.elapsed() < DOUBT {
                return Ok(Lease::new(self, idle.link, permit, true));
            }
            match tokio::time::timeout(self.options.connect_timeout, idle.link.ping()).await {
                Ok(Ok(())) => return Ok(Lease::new(self, idle.link, permit, false)),
                // The others are no younger.
                _ => self.forget_idle(),
            }
        }
        let link = self.connect().await?;
        Ok(Lease::new(self, link, permit, false))
    }

    fn pop(&self) -> Option<Idle<D::Link>> {
        let mut state = self.state();
        let idle = state.idle.pop()?;
        // At the bottom of the stack are those that were unused for longest.
        let old = |idle: &Idle<D::Link>| idle.since.elapsed() > self.options.idle_timeout;
        let many = state.idle.iter().take_while(|idle| old(idle)).count();
        state.idle.drain(..many);
        Some(idle)
    }

    /// Drops the unused connections, after one of them was found dead.
    pub(crate) fn forget_idle(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        drop(idle);
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<D::Link, Fault> {
        if let Some((at, kind, text)) = &self.state().failed
            && at.elapsed() < PAUSE
        {
            return Err(Fault::new(kind.clone(), text.clone()));
        }
        let connect = self.driver.connect();
        let outcome = tokio::time::timeout(self.options.connect_timeout, connect).await;
        let outcome = outcome.unwrap_or_else(|_| {
            let late = "the server did not answer in time";
            Err(Fault::new(FaultKind::Away, late))
        });
        let failed = outcome.as_ref().err();
        self.state().failed = failed.map(|fault| {
            tracing::warn!(
                database = self.driver.name(),
                error = %fault.source,
                "no connection to the database"
            );
            (Instant::now(), fault.kind.clone(), fault.source.to_string())
        });
        outcome
    }

    /// Takes a connection back.
    pub(crate) fn give_back(&self, link: D::Link) {
        if !self.permits.is_closed() {
            let since = Instant::now();
            self.state().idle.push(Idle { link, since });
        }
    }

    /// Waits for what is under way and closes all connections.
    pub(crate) async fn close(&self) {
        // Fails only when it is closed already.
        let _all = self
            .permits
            .acquire_many(self.options.connections.get())
            .await;
        self.permits.close();
        let idle = std::mem::take(&mut self.state().idle);
        for idle in idle {
            idle.link.close().await;
        }
    }
}

impl<D: Driver> fmt::Debug for Pool<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("driver", &self.driver)
            .field("options", &self.options)
            .field("free", &self.permits.available_permits())
            .finish_non_exhaustive()
    }
}
