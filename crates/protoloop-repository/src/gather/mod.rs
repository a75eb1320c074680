//! Reads that wait for a connection, asked together.
//!
//! A few reads by key go straight to the database, each in a [`Lane`]. When all lanes are taken, further ones wait in the
//! [`Gather`]: the first of them waits for a lane and a connection in the place of all, and when it has them, every read of
//! the same shape that waits by then goes into one statement. Nothing of this happens while a lane is free, and none
//! waits for others to come. A statement that is long under way, on a server far away or for a page of the disk, does not
//! hold them up: then they go beside the lanes, in as many again.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    hash::Hash,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use protoloop_core::{Error, Result};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

/// Most keys in one statement, a power of two: a store that fills up to the next one has few different texts to prepare.
pub const GATHERED_KEYS: usize = 128;

/// How long nothing but a lane is waited for. The runtime's timers tick in as much.
const PATIENCE: Duration = Duration::from_millis(1);

/// What is asked by key, and how.
pub trait Source: Send + Sync + 'static {
    /// What is asked of each key. Only reads of equal shapes are asked together, so it holds all that the answer depends
    /// on besides the keys.
    type Shape: PartialEq + Send + Sync + 'static;
    /// A key.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What is found of a key.
    type Found: Clone + Send + 'static;
    /// A connection.
    type Connection: Send;

    /// Waits for a connection.
    ///
    /// # Errors
    /// Every read that waits gets it.
    fn connection(&self) -> impl Future<Output = Result<Self::Connection>> + Send;

    /// What is found of keys, each of which is there once; one answer per key, in order.
    ///
    /// # Errors
    /// Nobody gets it: each read is made again by itself.
    fn ask(
        &self,
        connection: Self::Connection,
        shape: &Self::Shape,
        keys: &[Self::Key],
    ) -> impl Future<Output = Result<Vec<Self::Found>>> + Send;
}

/// The right to ask by key at once. It ends when it is dropped.
#[derive(Debug)]
pub struct Lane {
    _permit: OwnedSemaphorePermit,
}

/// Reads that wait.
pub struct Gather<S: Source> {
    source: S,
    lanes: Arc<Semaphore>,
    /// As many again, for those that have waited for a lane.
    beside: Arc<Semaphore>,
    state: Mutex<State<S>>,
    reads: AtomicU64,
    statements: AtomicU64,
}

struct State<S: Source> {
    waiting: Vec<Waiting<S>>,
    /// Whether a task waits for a connection in their place.
    led: bool,
}

struct Waiting<S: Source> {
    shape: S::Shape,
    keys: Vec<S::Key>,
    answer: oneshot::Sender<Answer<S>>,
}

/// `None` where the read must be made by itself.
type Answer<S> = Option<Result<Vec<<S as Source>::Found>>>;

/// How much was asked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gathered {
    /// Reads that others answered along, or that answered others along.
    pub reads: u64,
    /// The statements that answered them.
    pub statements: u64,
}

impl std::ops::Add for Gathered {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            reads: self.reads + other.reads,
            statements: self.statements + other.statements,
        }
    }
}

impl<S: Source> Gather<S> {
    /// Nothing waits yet. So many statements are under way at once, of reads that go by themselves and of those that
    /// waited, and twice as many where they take long; at least one.
    #[must_use]
    pub fn new(source: S, lanes: usize) -> Arc<Self> {
        Arc::new(Self {
            source,
            lanes: Arc::new(Semaphore::new(lanes.max(1))),
            beside: Arc::new(Semaphore::new(lanes.max(1))),
            state: Mutex::new(State {
                waiting: Vec::new(),
                led: false,
            }),
            reads: AtomicU64::new(0),
            statements: AtomicU64::new(0),
        })
    }

    /// What it asks.
    #[must_use]
    pub fn source(&self) -> &S {
        &self.source
    }

    /// A lane for a read that goes straight to the database; `None` where all are taken, so that it is to wait.
    #[must_use]
    pub fn enter(&self) -> Option<Lane> {
        let permit = Arc::clone(&self.lanes).try_acquire_owned().ok();
        permit.map(|_permit| Lane { _permit })
    }

    /// How much was asked together until now.
    #[must_use]
    pub fn gathered(&self) -> Gathered {
        Gathered {
            reads: self.reads.load(Ordering::Relaxed),
            statements: self.statements.load(Ordering::Relaxed),
        }
    }

    /// Waits for a connection together with others, of which one statement then asks for the keys of all. One answer per
    /// key, in order; `None` where the statement failed, or there are too many keys for this: then the read is to be
    /// made by itself, so that a failure is its own.
    ///
    /// Dropping the future takes the read back; the others go on.
    ///
    /// # Errors
    /// As [`Source::connection`].
    pub async fn ask(
        self: &Arc<Self>,
        shape: S::Shape,
        keys: Vec<S::Key>,
    ) -> Result<Option<Vec<S::Found>>> {
        if keys.is_empty() || keys.len() > GATHERED_KEYS / 2 {
            return Ok(None);
        }
        let (answer, receiver) = oneshot::channel();
        {
            let mut state = self.state();
            state.waiting.push(Waiting {
                shape,
                keys,
                answer,
            });
            if !state.led {
                state.led = true;
                tokio::spawn(Arc::clone(self).lead());
            }
        }
        // Dropped with its task, the sender says as much as a failed statement.
        receiver.await.unwrap_or(None).transpose()
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a lane and a connection in the place of all, and asks for as many as one statement takes.
    async fn lead(self: Arc<Self>) {
        let leading = Leading(&self);
        let lane = self.lane().await;
        let connection = self.source.connection().await;
        std::mem::forget(leading);
        match connection {
            Ok(connection) => {
                let batch = self.batch();
                self.answer(connection, batch).await;
                drop(lane);
            }
            Err(error) => {
                let mut state = self.state();
                state.led = false;
                for waiting in state.waiting.drain(..) {
                    // Who went away needs no answer.
                    let _ = waiting.answer.send(Some(Err(copy(&error))));
                }
            }
        }
    }

    /// Waits for a lane, or where that takes long, for one beside them. `None` only where they are closed, which nobody does.
    async fn lane(&self) -> Option<OwnedSemaphorePermit> {
        let of = |lanes: &Arc<Semaphore>| Arc::clone(lanes).acquire_owned();
        if let Ok(lane) = Arc::clone(&self.lanes).try_acquire_owned() {
            return Some(lane);
        }
        if let Ok(lane) = timeout(PATIENCE, of(&self.lanes)).await {
            return lane.ok();
        }
        let (lane, beside) = (pin!(of(&self.lanes)), pin!(of(&self.beside)));
        let (Either::Left((lane, _)) | Either::Right((lane, _))) = select(lane, beside).await;
        lane.ok()
    }

    /// The reads of one shape that waited longest. For those that still wait another task leads.
    fn batch(self: &Arc<Self>) -> Vec<Waiting<S>> {
        let mut state = self.state();
        state.waiting.retain(|waiting| !waiting.answer.is_closed());
        let mut batch: Vec<Waiting<S>> = Vec::with_capacity(state.waiting.len());
        let mut left = Vec::new();
        let mut keys = 0;
        for waiting in std::mem::take(&mut state.waiting) {
            let fits = keys + waiting.keys.len() <= GATHERED_KEYS;
            let same = batch
                .first()
                .is_none_or(|first| first.shape == waiting.shape);
            if fits && same {
                keys += waiting.keys.len();
                batch.push(waiting);
            } else {
                left.push(waiting);
            }
        }
        state.waiting = left;
        state.led = !state.waiting.is_empty();
        if state.led {
            tokio::spawn(Arc::clone(self).lead());
        }
        batch
    }

    /// Asks for all keys in one statement. It is given up when nobody waits for it any more.
    async fn answer(&self, connection: S::Connection, batch: Vec<Waiting<S>>) {
        let (mut asked, mut answers) = (Vec::new(), Vec::with_capacity(batch.len()));
        let mut shape = None;
        for waiting in batch {
            asked.push(waiting.keys);
            answers.push(waiting.answer);
            shape.get_or_insert(waiting.shape);
        }
        let Some(shape) = shape else {
            return;
        };
        let (keys, places) = once(&asked);
        let found = {
            let ask = pin!(self.source.ask(connection, &shape, &keys));
            let gone = pin!(async {
                for answer in &mut answers {
                    answer.closed().await;
                }
            });
            match select(ask, gone).await {
                Either::Left((found, _)) => found.ok().filter(|found| found.len() == keys.len()),
                Either::Right(_) => return,
            }
        };
        if asked.len() > 1 {
            self.reads.fetch_add(asked.len() as u64, Ordering::Relaxed);
            self.statements.fetch_add(1, Ordering::Relaxed);
        }
        for (answer, keys) in answers.into_iter().zip(&asked) {
            let own = found.as_ref().map(|found| {
                let own = keys.iter().map(|key| found[places[key]].clone());
                Ok(own.collect())
            });
            // Who went away needs no answer.
            let _ = answer.send(own);
        }
    }
}

/// Each key once, and at which place.
fn once<K: Clone + Eq + Hash>(asked: &[Vec<K>]) -> (Vec<K>, HashMap<&K, usize>) {
    let mut keys: Vec<K> = Vec::new();
    let mut places = HashMap::new();
    for key in asked.iter().flatten() {
        places.entry(key).or_insert_with(|| {
            keys.push(key.clone());
            keys.len() - 1
        });
    }
    (keys, places)
}

/// Ends the waiting when the task that leads it is dropped with its runtime: each read is made by itself then.
struct Leading<'a, S: Source>(&'a Gather<S>);

impl<S: Source> Drop for Leading<'_, S> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.led = false;
        state.waiting.clear();
    }
}

/// The same for one of many callers; the log has it once.
fn copy(error: &Error) -> Error {
    let copy = Error::new(error.code(), error.message().to_owned());
    let details = error.details().iter().cloned();
    details.fold(copy, Error::with_detail)
}

impl<S: Source> fmt::Debug for Gather<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gather")
            .field("gathered", &self.gathered())
            .finish_non_exhaustive()
    }
}
