//! One service's servers.

mod resolve;

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use http::{Uri, uri::PathAndQuery};
use protoloop_core::{Error, Handler, Result};
use protoloop_schema::{HttpMethod, Method};
use tokio::sync::watch;

use crate::{
    ConfigError, UpstreamConfig,
    abort::AbortOnDrop,
    connect::Sender,
    endpoint::{Endpoint, InFlight, State},
    handler::Forward,
    retry::Budget,
    tls::Connector,
};
use resolve::Resolver;

/// The servers behind one URL: where they are, which of them work, and how calls are passed on to them.
///
/// Made within a tokio runtime, whose tasks keep the connections up; they end with the last handle.
pub struct Upstream {
    shared: Arc<Shared>,
    _resolving: AbortOnDrop,
}

/// What the calls and the tasks share.
pub(crate) struct Shared {
    pub(crate) config: UpstreamConfig,
    /// Scheme and authority of every request.
    pub(crate) origin: Uri,
    pub(crate) budget: Budget,
    pub(crate) endpoints: RwLock<Arc<[Arc<Endpoint>]>>,
    /// Why there are no endpoints.
    pub(crate) unresolved: RwLock<Option<Arc<str>>>,
    pub(crate) changed: watch::Sender<()>,
}

/// An endpoint that works, taken for one call.
pub(crate) struct Picked {
    pub(crate) sender: Sender,
    pub(crate) in_flight: InFlight,
}

/// What there is to take at the moment.
enum Choice {
    Picked(Picked),
    /// It may become one in a moment.
    Wait,
    None(Error),
}

impl Upstream {
    /// Checks the configuration, reads its files and begins to connect.
    ///
    /// # Errors
    /// The URL or a certificate cannot be used.
    pub fn new(config: UpstreamConfig) -> Result<Arc<Self>, ConfigError> {
        let address = config.address()?;
        let tls = match address.tls {
            true => Some(Connector::new(&config.tls)?),
            false => None,
        };
        let scheme = if address.tls { "https" } else { "http" };
        // Of several places the first one names them all: they are one service.
        let authority = address.places[0].to_string();
        let origin = Uri::builder()
            .scheme(scheme)
            .authority(authority)
            .path_and_query("/")
            .build();
        let origin =
            origin.map_err(|error| ConfigError(format!("upstream {}: {error}", config.url)))?;
        let shared = Arc::new(Shared {
            origin,
            budget: Budget::new(),
            endpoints: RwLock::new(Arc::new([])),
            unresolved: RwLock::new(None),
            changed: watch::Sender::new(()),
            config,
        });
        let resolver = Resolver::new(address.places, tls, Arc::clone(&shared));
        Ok(Arc::new(Self {
            shared,
            _resolving: AbortOnDrop::spawn(resolver.run()),
        }))
    }

    /// The URL it was made of.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.shared.config.url
    }

    /// The handler that passes the calls of a method on. `path` and streaming are the method's; it is tried again by the
    /// retry policy.
    #[must_use]
    pub fn handler(&self, method: &Method) -> Arc<dyn Handler> {
        let name = method.info.path.trim_start_matches('/').replace('/', ".");
        let mut named = self.shared.config.retry.methods.iter();
        let safe = method.safe
            || method
                .http
                .iter()
                .any(|rule| rule.method == HttpMethod::Get)
            || named.any(|selector| selector.matches(&name));
        let path = method.info.path.parse::<PathAndQuery>().ok();
        let uri = path.clone().and_then(|path| {
            let mut parts = self.shared.origin.clone().into_parts();
            parts.path_and_query = Some(path);
            Uri::from_parts(parts).ok()
        });
        Arc::new(Forward {
            upstream: Arc::clone(&self.shared),
            target: path.zip(uri),
            safe,
        })
    }

    /// Whether at least one of its servers can be called.
    ///
    /// # Errors
    /// UNAVAILABLE that says why not.
    pub fn check(&self) -> Result<()> {
        match self.shared.choose() {
            Choice::Picked(_) => Ok(()),
            Choice::Wait => Err(Error::unavailable(format!(
                "{}: still connecting",
                self.url()
            ))),
            Choice::None(error) => Err(error),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({})", self.url())
    }
}

impl Shared {
    /// Takes an endpoint for a call; waits while one may be about to work.
    ///
    /// # Errors
    /// UNAVAILABLE that says why none does.
    pub(crate) async fn pick(&self) -> Result<Picked> {
        match self.choose() {
            Choice::Picked(picked) => return Ok(picked),
            Choice::None(error) => return Err(error),
            Choice::Wait => {}
        }
        let mut changed = self.changed.subscribe();
        loop {
            match self.choose() {
                Choice::Picked(picked) => return Ok(picked),
                Choice::None(error) => return Err(error),
                Choice::Wait => {}
            }
            if changed.changed().await.is_err() {
                return Err(Error::unavailable(format!(
                    "{}: it is being closed",
                    self.config.url
                )));
            }
        }
    }

    /// Of the endpoints that are ready the less loaded of two, drawn at random.
    fn choose(&self) -> Choice {
        let endpoints = self
            .endpoints
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let endpoints = Arc::clone(&endpoints);
        if let [only] = &*endpoints {
            return match only.state() {
                State::Ready(sender) => picked(only, sender),
                State::Connecting => Choice::Wait,
                State::Down(why) => Choice::None(self.down(only, &why)),
            };
        }
        let states: Vec<_> = endpoints
            .iter()
            .map(|endpoint| (endpoint, endpoint.state()))
            .collect();
        let ready: Vec<_> = states
            .iter()
            .filter_map(|(endpoint, state)| match state {
                State::Ready(sender) => Some((*endpoint, sender)),
                _ => None,
            })
            .collect();
        if ready.is_empty() {
            return self.none_ready(&states);
        }
        let draw = || &ready[fastrand::usize(..ready.len())];
        let (one, other) = (draw(), draw());
        let (endpoint, sender) = if other.0.load() < one.0.load() {
            other
        } else {
            one
        };
        picked(endpoint, (*sender).clone())
    }

    fn none_ready(&self, states: &[(&Arc<Endpoint>, State)]) -> Choice {
        let connecting = |state: &State| matches!(state, State::Connecting);
        if states.iter().any(|(_, state)| connecting(state)) {
            return Choice::Wait;
        }
        let down = states.iter().find_map(|(endpoint, state)| match state {
            State::Down(why) => Some(self.down(endpoint, why)),
            _ => None,
        });
        if let Some(error) = down {
            return Choice::None(error);
        }
        let unresolved = self
            .unresolved
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        match &*unresolved {
            Some(why) => Choice::None(Error::unavailable(format!("{}: {why}", self.config.url))),
            None => Choice::Wait,
        }
    }

    fn down(&self, endpoint: &Endpoint, why: &str) -> Error {
        let url = &self.config.url;
        Error::unavailable(format!("the upstream {url} cannot be used at the moment"))
            .with_internal(format!("{}: {why}", endpoint.address))
    }
}

fn picked(endpoint: &Arc<Endpoint>, sender: Sender) -> Choice {
    Choice::Picked(Picked {
        sender,
        in_flight: InFlight::new(endpoint),
    })
}
