//! What all reconciles share.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kube::{
    Client, ResourceExt as _,
    runtime::{
        events::{Recorder, Reporter},
        reflector::{ObjectRef, Store},
    },
};
use tokio::sync::{mpsc, watch};

use super::{Cache, Gauges, Index, Leadership, Metrics, rollouts::Rollouts};
use crate::{
    api::{Microservice, MicroserviceStatus},
    children::{Apis, ChildKind},
};

/// Who is to be looked at.
pub(super) type Queue = mpsc::UnboundedSender<ObjectRef<Microservice>>;

/// Why a reconcile did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the API server answered, or that it did not.
    #[error("{0}")]
    Api(#[from] kube::Error),
    /// An object that is not ours has the name of one of ours.
    #[error("{0}")]
    NotOwned(String),
    /// An object of ours is on its way out, and the next one needs its name.
    #[error("{0}")]
    Leaving(String),
    /// What is served is nowhere any more.
    #[error("{0}")]
    Missing(String),
    /// The lease was lost on the way: another operator goes on.
    #[error("another operator leads")]
    NotLeading,
}

impl Error {
    /// In one word, for conditions and metrics.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Api(kube::Error::Api(status)) => match status.code {
                403 => "Forbidden",
                409 => "Conflict",
                400 | 422 => "Invalid",
                404 => "NotFound",
                429 => "TooManyRequests",
                _ => "ApiError",
            },
            Self::Api(_) => "Unreachable",
            Self::NotOwned(_) => "NotOwned",
            Self::Leaving(_) => "Leaving",
            Self::Missing(_) => "RevisionMissing",
            Self::NotLeading => "NotLeading",
        }
    }

    /// In a sentence, without what is only for programmers.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Api(kube::Error::Api(status)) => status.message.clone(),
            other => other.to_string(),
        }
    }
}

/// What was found out in one namespace scope and outlives a reconcile.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The status that was written last, by uid: a watch may not have told of it yet.
    statuses: HashMap<String, MicroserviceStatus>,
    /// Failures in a row, by uid.
    failures: BTreeMap<String, u32>,
}

/// What all reconciles share.
pub struct Context {
    client: Client,
    pub(super) runtime_image: String,
    pub(super) leadership: Arc<Leadership>,
    pub(super) cache: Cache,
    pub(super) index: Index,
    pub(super) metrics: Metrics,
    pub(super) recorder: Recorder,
    pub(super) rollouts: Rollouts,
    pub(super) apis: watch::Sender<Apis>,
    memory: Mutex<Memory>,
    /// The services of each namespace scope.
    stores: Mutex<Vec<Store<Microservice>>>,
    /// Watches that have not read everything yet.
    unsynced: AtomicUsize,
    services: AtomicUsize,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("leadership", &self.leadership)
            .finish_non_exhaustive()
    }
}

impl Context {
    pub(super) fn new(
        client: Client,
        runtime_image: String,
        identity: String,
        leadership: Arc<Leadership>,
        max_rollouts: u16,
    ) -> Self {
        let reporter = Reporter {
            controller: super::FIELD_MANAGER.to_owned(),
            instance: Some(identity),
        };
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            client,
            runtime_image,
            leadership,
            cache: Cache::default(),
            index: Index::default(),
            metrics: Metrics::default(),
            rollouts: Rollouts::new(max_rollouts),
            apis: watch::Sender::new(Apis::default()),
            memory: Mutex::default(),
            stores: Mutex::default(),
            unsynced: AtomicUsize::new(0),
            services: AtomicUsize::new(0),
        }
    }

    /// The cluster.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Asked before each write.
    ///
    /// # Errors
    /// [`Error::NotLeading`] when another operator may write now.
    pub fn may_write(&self) -> Result<(), Error> {
        if self.leadership.holds() {
            Ok(())
        } else {
            Err(Error::NotLeading)
        }
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The status of a service as it was written last, or else as the watch told it.
    pub(super) fn status_of(
        &self,
        uid: &str,
        watched: Option<&MicroserviceStatus>,
    ) -> MicroserviceStatus {
        let known = self.memory().statuses.get(uid).cloned();
        known.or_else(|| watched.cloned()).unwrap_or_default()
    }

    pub(super) fn wrote_status(&self, uid: &str, status: MicroserviceStatus) {
        self.memory().statuses.insert(uid.to_owned(), status);
    }

    /// Forgets what another operator may have changed meanwhile.
    pub(super) fn forget_statuses(&self) {
        self.memory().statuses.clear();
    }

    pub(super) fn forget(&self, uid: &str) {
        self.rollouts.forget(uid);
        let mut memory = self.memory();
        memory.statuses.remove(uid);
        memory.failures.remove(uid);
    }

    fn stores(&self) -> std::sync::MutexGuard<'_, Vec<Store<Microservice>>> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add_store(&self, store: Store<Microservice>) {
        self.stores().push(store);
    }

    /// Whether the pods of a service may be replaced now, along with those of others.
    pub(super) fn may_roll(&self, uid: &str) -> bool {
        let is_complete = |other: &str| self.is_complete(other);
        self.rollouts.may_begin(uid, || self.rolling(), is_complete)
    }

    /// The uids of the services whose status says that their pods are replaced along with those of others.
    fn rolling(&self) -> Vec<String> {
        let all: Vec<_> = self.stores().iter().flat_map(Store::state).collect();
        let has_place = |service: &&Arc<Microservice>| {
            let status = service.status.as_ref();
            status.is_some_and(|status| status.shared_rollout)
        };
        let rolling = all.iter().filter(has_place);
        rolling.filter_map(|service| service.uid()).collect()
    }

    fn is_complete(&self, uid: &str) -> bool {
        let owned = self.cache.owned_by(uid);
        let mut pods = owned
            .iter()
            .filter(|(key, _)| key.kind == ChildKind::Deployment);
        pods.all(|(_, observed)| observed.detail.is_complete())
    }

    pub(super) fn succeeded(&self, uid: &str) {
        self.memory().failures.remove(uid);
    }

    /// How long to wait behind this failure: twice as long each time, up to five minutes, and not all at the same moment.
    pub(super) fn failed(&self, uid: &str) -> Duration {
        let mut memory = self.memory();
        let failures = memory.failures.entry(uid.to_owned()).or_default();
        let wait = backoff(*failures);
        *failures += 1;
        let jitter = super::observed::digest(&format!("{uid}{failures}").into()) % 256;
        wait + wait / 1024 * u32::try_from(jitter).unwrap_or_default()
    }

    /// Whether every watch has read everything once.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.unsynced.load(Ordering::Acquire) == 0
    }

    pub(super) fn count_services(&self, count: usize) {
        self.services.store(count, Ordering::Relaxed);
    }

    pub(super) fn gauges(&self) -> Gauges {
        Gauges {
            leads: self.leadership.holds(),
            services: self.services.load(Ordering::Relaxed),
            objects: self.cache.len(),
            rollouts: self
                .rollouts
                .len(self.rolling(), |uid| self.is_complete(uid)),
        }
    }
}

/// A watch that has not read everything yet, for as long as this lives.
pub(super) struct Unsynced(Arc<Context>);

impl Unsynced {
    pub(super) fn of(context: &Arc<Context>) -> Self {
        context.unsynced.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(context))
    }
}

impl Drop for Unsynced {
    fn drop(&mut self) {
        self.0.unsynced.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Half a second, and twice as long each time, up to five minutes.
fn backoff(failures: u32) -> Duration {
    let wait = Duration::from_millis(500)
        .saturating_mul(1u32.checked_shl(failures.min(20)).unwrap_or(u32::MAX));
    wait.min(Duration::from_secs(300))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_bound() {
        let waits: Vec<_> = (0..5)
            .map(|failures| backoff(failures).as_millis())
            .collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000]);
        assert_eq!(backoff(11), Duration::from_secs(300));
        assert_eq!(backoff(u32::MAX), Duration::from_secs(300));
    }
}
