//! Whether the server, and each of its services, can do its work.

mod service;

use std::{
    collections::HashMap,
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use protoloop_core::{BoxFuture, Error, Result};
use tokio::sync::watch;

pub(crate) use service::HealthService;

/// A result younger than this is not asked for again, so that probes cannot load what they probe.
const FRESH: Duration = Duration::from_secs(1);

/// The name under which `grpc.health.v1` tells whether the server can do its work: no check has failed, and it does not
/// drain.
pub const READINESS: &str = "readiness";

/// The name under which `grpc.health.v1` tells whether the process works, whatever is wrong with what it needs. The empty
/// name says the same until the server drains.
pub const LIVENESS: &str = "liveness";

/// Whether a service, by its full name, depends on a check.
type Concerns = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Something the server needs to do its work, such as a database that answers.
#[derive(Clone)]
pub struct Check {
    name: Arc<str>,
    services: Option<Concerns>,
    probe: Arc<dyn Fn() -> BoxFuture<'static, Result<()>> + Send + Sync>,
}

impl Check {
    /// A check that every service depends on. `probe` answers an error when the thing is not there; its public message
    /// is shown on `/readyz`.
    pub fn new<F, R>(name: impl Into<Arc<str>>, probe: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        Self {
            name: name.into(),
            services: None,
            probe: Arc::new(move || Box::pin(probe())),
        }
    }

    /// Only these services (full names, such as `todo.v1.TodoService`) depend on it.
    #[must_use]
    pub fn for_services<S: Into<String>>(self, services: impl IntoIterator<Item = S>) -> Self {
        let services: Vec<String> = services.into_iter().map(Into::into).collect();
        self.for_services_where(move |service| services.iter().any(|name| name == service))
    }

    /// Only the services whose full name `concerned` says yes to depend on it, also those of a later schema.
    #[must_use]
    pub fn for_services_where(
        mut self,
        concerned: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.services = Some(Arc::new(concerned));
        self
    }

    fn concerns(&self, service: &str) -> bool {
        match &self.services {
            None => true,
            Some(concerned) => service == READINESS || concerned(service),
        }
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Check({})", self.name)
    }
}

/// The last answer of one check.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) name: Arc<str>,
    /// The public text of the failure.
    pub(crate) failure: Option<String>,
}

/// What all checks said.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) draining: bool,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Report {
    pub(crate) fn is_ready(&self) -> bool {
        !self.draining
            && self
                .outcomes
                .iter()
                .all(|outcome| outcome.failure.is_none())
    }
}

/// The checks, their last answers, and who wants to hear of a change.
pub(crate) struct Readiness {
    checks: Vec<Check>,
    timeout: Duration,
    /// Whether a service can work, by its name; [`READINESS`] is the server as a whole.
    statuses: Mutex<HashMap<String, watch::Sender<bool>>>,
    /// Counts the times that other services became known.
    generation: watch::Sender<u64>,
    /// Whether the process works: the empty name, which says no when the server drains, and [`LIVENESS`].
    alive: watch::Sender<bool>,
    live: watch::Sender<bool>,
    draining: watch::Sender<bool>,
    /// Whether streams are to end.
    farewell: watch::Sender<bool>,
    last: Mutex<Option<(Instant, Vec<Outcome>)>>,
}

impl Readiness {
    pub(crate) fn new<'a>(
        checks: Vec<Check>,
        services: impl Iterator<Item = &'a str>,
        timeout: Duration,
    ) -> Arc<Self> {
        // Nothing is known to work before it was asked for the first time.
        let start = checks.is_empty();
        let names = services.chain([READINESS]).map(str::to_owned);
        Arc::new(Self {
            checks,
            timeout,
            statuses: Mutex::new(
                names
                    .map(|name| (name, watch::Sender::new(start)))
                    .collect(),
            ),
            generation: watch::Sender::new(0),
            alive: watch::Sender::new(true),
            live: watch::Sender::new(true),
            draining: watch::Sender::new(false),
            farewell: watch::Sender::new(false),
            last: Mutex::new(None),
        })
    }

    /// Says "not ready" from now on, whatever the checks say.
    pub(crate) fn drain(&self) {
        self.draining.send_replace(true);
        self.alive.send_replace(false);
        for status in self.statuses().values() {
            status.send_replace(false);
        }
    }

    /// Ends the streams that are still open.
    pub(crate) fn say_farewell(&self) {
        self.farewell.send_replace(true);
    }

    /// Becomes true when streams are to end.
    pub(crate) fn farewell(&self) -> watch::Receiver<bool> {
        self.farewell.subscribe()
    }

    fn statuses(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<bool>>> {
        self.statuses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Knows these services from now on, beside the server as a whole. Those who watch hear of a service that is new, and
    /// of one that is gone.
    pub(crate) fn replace_services<'a>(&self, services: impl Iterator<Item = &'a str>) {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let outcomes = last.as_ref().map(|(_, outcomes)| outcomes.clone());
        drop(last);
        let mut statuses = self.statuses();
        let mut present = std::mem::take(&mut *statuses);
        for name in services.chain([READINESS]) {
            let status = present.remove(name).unwrap_or_else(|| {
                let known = outcomes.as_deref().unwrap_or_default();
                let asked = known.len() == self.checks.len();
                let works = asked && self.works(name, known) && !*self.draining.borrow();
                watch::Sender::new(works)
            });
            statuses.insert(name.to_owned(), status);
        }
        drop(statuses);
        self.generation.send_modify(|count| *count += 1);
    }

    fn works(&self, service: &str, outcomes: &[Outcome]) -> bool {
        let mut checks = self.checks.iter().zip(outcomes);
        checks.all(|(check, outcome)| outcome.failure.is_none() || !check.concerns(service))
    }

    /// The state of all checks, asked now unless that was done a moment ago.
    pub(crate) async fn report(&self) -> Report {
        let known = self.fresh();
        let outcomes = match known {
            Some(outcomes) => outcomes,
            None => self.refresh().await,
        };
        Report {
            draining: *self.draining.borrow(),
            outcomes,
        }
    }

    fn fresh(&self) -> Option<Vec<Outcome>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, outcomes) = last.as_ref()?;
        (at.elapsed() < FRESH).then(|| outcomes.clone())
    }

    /// Runs every check side by side and tells the watchers of each service what follows.
    pub(crate) async fn refresh(&self) -> Vec<Outcome> {
        let outcomes = join_all(self.checks.iter().map(|check| self.probe(check))).await;
        for (service, status) in &*self.statuses() {
            let works = self.works(service, &outcomes);
            status.send_if_modified(|present| {
                // Within the watch's lock, so that a drain that comes meanwhile is not undone.
                let next = works && !*self.draining.borrow();
                std::mem::replace(present, next) != next
            });
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some((Instant::now(), outcomes.clone()));
        outcomes
    }

    async fn probe(&self, check: &Check) -> Outcome {
        let answer = tokio::time::timeout(self.timeout, (check.probe)()).await;
        let answer = answer.unwrap_or_else(|_| {
            let ms = self.timeout.as_millis();
            Err(Error::deadline_exceeded(format!(
                "no answer within {ms} ms"
            )))
        });
        if let Err(error) = &answer {
            tracing::warn!(check = &*check.name, ?error, "a readiness check failed");
        }
        Outcome {
            name: Arc::clone(&check.name),
            failure: answer.err().map(|error| error.message().to_owned()),
        }
    }

    /// Runs the checks at every interval; never returns.
    pub(crate) async fn monitor(&self, interval: Duration) {
        if self.checks.is_empty() {
            return std::future::pending().await;
        }
        loop {
            self.refresh().await;
            tokio::time::sleep(interval).await;
        }
    }

    fn status(&self, service: &str) -> Option<watch::Receiver<bool>> {
        match service {
            "" => Some(self.alive.subscribe()),
            LIVENESS => Some(self.live.subscribe()),
            _ => self.statuses().get(service).map(watch::Sender::subscribe),
        }
    }

    /// Changes when other services are known.
    fn generation(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness")
            .field("checks", &self.checks)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
