//! One address of an upstream: connected as long as it can be, and known to work or not.

use std::{
    net::SocketAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::Uri;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tonic::Code;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{
    connect::{Dial, Sender},
    exchange::Wire,
};

/// Waits between attempts to connect: the first, and the longest.
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What is known of an address.
#[derive(Clone, Debug)]
pub(crate) enum State {
    /// Being connected for the first time, or again after a connection that worked.
    Connecting,
    /// Calls go there.
    Ready(Sender),
    /// Nobody answers there, or answers as should be; why.
    Down(Arc<str>),
}

/// How health is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probing {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// One address. A task of its own keeps it connected; see [`Endpoint::run`].
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    state: RwLock<State>,
    in_flight: AtomicUsize,
    /// Told of every change.
    changed: watch::Sender<()>,
}

impl Endpoint {
    pub(crate) fn new(address: SocketAddr, changed: watch::Sender<()>) -> Arc<Self> {
        Arc::new(Self {
            address,
            state: RwLock::new(State::Connecting),
            in_flight: AtomicUsize::new(0),
            changed,
        })
    }

    pub(crate) fn state(&self) -> State {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            // The task behind it has not noticed yet.
            State::Ready(sender) if sender.is_closed() => State::Connecting,
            state => state.clone(),
        }
    }

    fn set(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
        self.changed.send_replace(());
    }

    pub(crate) fn load(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Connects, watches, and connects again; never returns.
    pub(crate) async fn run(self: Arc<Self>, dial: Dial, origin: Uri, probing: Probing) {
        let mut wait = FIRST_WAIT;
        loop {
            match dial.connect(self.address).await {
                Ok(connected) => {
                    let served = self.serve(connected, &origin, probing).await;
                    if served {
                        wait = FIRST_WAIT;
                        self.set(State::Connecting);
                        continue;
                    }
                }
                Err(why) => {
                    tracing::warn!(address = %self.address, why, "an upstream cannot be reached");
                    self.set(State::Down(why.into()));
                }
            }
            sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// Asks for health until the connection is over. Answers whether it was ever ready.
    async fn serve(&self, sender: Sender, origin: &Uri, probing: Probing) -> bool {
        let (mut was_ready, mut late) = (false, 0);
        loop {
            let probe = timeout(probing.timeout, health(sender.clone(), origin));
            let answer = tokio::select! {
                answer = probe => answer,
                () = sender.closed() => {
                    self.ended(was_ready);
                    return was_ready;
                }
            };
            match answer {
                Ok(Ok(())) => {
                    late = 0;
                    if !was_ready {
                        tracing::info!(address = %self.address, "an upstream is ready");
                    }
                    was_ready = true;
                    if !matches!(self.state(), State::Ready(_)) {
                        self.set(State::Ready(sender.clone()));
                    }
                }
                Ok(Err(why)) => {
                    tracing::warn!(address = %self.address, why, "an upstream is not well");
                    self.set(State::Down(why.into()));
                }
                // One late answer may be a busy upstream; two are a dead one.
                Err(_) if late == 0 && was_ready => late = 1,
                Err(_) => {
                    let why = format!("no answer to a health check within {:?}", probing.timeout);
                    tracing::warn!(address = %self.address, why, "an upstream is not well");
                    self.set(State::Down(why.into()));
                    return false;
                }
            }
            tokio::select! {
                () = sleep(probing.interval) => {}
                () = sender.closed() => {
                    self.ended(was_ready);
                    return was_ready;
                }
            }
        }
    }

    fn ended(&self, was_ready: bool) {
        tracing::info!(address = %self.address, "a connection to an upstream ended");
        if !was_ready {
            self.set(State::Down("it closed the connection".into()));
        }
    }
}

/// The name under which a Protoloop server tells whether it can do its work; its empty name only says that it runs.
const READINESS: &str = "readiness";

/// Asks `grpc.health.v1` whether the server can do its work, where it tells; else for the server as a whole. A server
/// without it, or that does not say how it is as a whole, is taken to be well: it answered.
async fn health(sender: Sender, origin: &Uri) -> Result<(), String> {
    let mut client = HealthClient::with_origin(Wire::fixed(sender), origin.clone());
    let mut answer = client.check(of(READINESS)).await;
    if answer
        .as_ref()
        .is_err_and(|status| status.code() == Code::NotFound)
    {
        answer = client.check(of("")).await;
    }
    match answer {
        Ok(answer) => match answer.into_inner().status() {
            ServingStatus::Serving => Ok(()),
            other => Err(format!("its health service says {}", other.as_str_name())),
        },
        Err(status) => match status.code() {
            Code::Unavailable | Code::DeadlineExceeded | Code::Internal | Code::Unknown => {
                Err(status.message().to_owned())
            }
            _ => Ok(()),
        },
    }
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

/// One call in flight on an endpoint.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Endpoint>);

impl InFlight {
    pub(crate) fn new(endpoint: &Arc<Endpoint>) -> Self {
        endpoint.in_flight.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(endpoint))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
