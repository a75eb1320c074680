//! From places to addresses, again and again.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::time::sleep;

use super::Shared;
use crate::{
    abort::AbortOnDrop,
    address::Place,
    connect::Dial,
    endpoint::{Endpoint, Probing, State},
    tls::Connector,
};

/// How soon names are looked up again while nothing works.
const HURRY: Duration = Duration::from_secs(1);

/// Looks up names, and keeps an endpoint for each address that is found.
pub(super) struct Resolver {
    places: Vec<Place>,
    tls: Option<Connector>,
    shared: Arc<Shared>,
    running: HashMap<(usize, SocketAddr), (Arc<Endpoint>, AbortOnDrop)>,
}

impl Resolver {
    pub(super) fn new(places: Vec<Place>, tls: Option<Connector>, shared: Arc<Shared>) -> Self {
        Self {
            places,
            tls,
            shared,
            running: HashMap::new(),
        }
    }

    /// Never returns.
    pub(super) async fn run(mut self) {
        let fixed = self
            .places
            .iter()
            .all(|place| place.host.parse::<IpAddr>().is_ok());
        loop {
            match self.look_up().await {
                Ok(found) => self.update(&found),
                Err(why) => {
                    tracing::warn!(
                        upstream = self.shared.config.url,
                        why,
                        "a name cannot be resolved"
                    );
                    *self
                        .shared
                        .unresolved
                        .write()
                        .unwrap_or_else(PoisonError::into_inner) = Some(why.into());
                    self.shared.changed.send_replace(());
                }
            }
            if fixed {
                return std::future::pending().await;
            }
            self.rest().await;
        }
    }

    /// Waits for the next look-up: the interval, or a moment when nothing works.
    async fn rest(&self) {
        let mut waited = Duration::ZERO;
        while waited < self.shared.config.resolve_interval {
            sleep(HURRY).await;
            waited += HURRY;
            let works = |(endpoint, _): &(Arc<Endpoint>, AbortOnDrop)| {
                matches!(endpoint.state(), State::Ready(_) | State::Connecting)
            };
            if !self.running.values().any(works) {
                return;
            }
        }
    }

    /// # Errors
    /// No name could be resolved; why the last one could not.
    async fn look_up(&self) -> Result<Vec<(usize, SocketAddr)>, String> {
        let (mut found, mut failed) = (Vec::new(), None);
        for (index, place) in self.places.iter().enumerate() {
            match tokio::net::lookup_host((&*place.host, place.port)).await {
                Ok(addresses) => found.extend(addresses.map(|address| (index, address))),
                Err(error) => failed = Some(format!("{place} cannot be resolved: {error}")),
            }
        }
        match failed {
            Some(why) if found.is_empty() => Err(why),
            Some(why) => {
                tracing::warn!(
                    upstream = self.shared.config.url,
                    why,
                    "one of several names"
                );
                Ok(found)
            }
            None => Ok(found),
        }
    }

    /// Begins with what is new, and stops to call what is gone; calls in flight there finish.
    fn update(&mut self, found: &[(usize, SocketAddr)]) {
        let before = self.running.len();
        self.running.retain(|key, _| found.contains(key));
        let mut changed = before != self.running.len();
        for key in found {
            if !self.running.contains_key(key) {
                let running = self.begin(*key);
                self.running.insert(*key, running);
                changed = true;
            }
        }
        if !changed {
            return;
        }
        let endpoints = found.iter().filter_map(|key| self.running.get(key));
        let endpoints = endpoints
            .map(|(endpoint, _)| Arc::clone(endpoint))
            .collect();
        *self
            .shared
            .endpoints
            .write()
            .unwrap_or_else(PoisonError::into_inner) = endpoints;
        self.shared.changed.send_replace(());
    }

    fn begin(&self, (place, address): (usize, SocketAddr)) -> (Arc<Endpoint>, AbortOnDrop) {
        let config = &self.shared.config;
        let endpoint = Endpoint::new(address, self.shared.changed.clone());
        let dial = Dial {
            tls: self.tls.clone(),
            host: self.places[place].host.as_str().into(),
            timeout: config.connect_timeout,
        };
        let probing = Probing {
            interval: config.health_interval,
            timeout: config.health_timeout,
        };
        let task = Arc::clone(&endpoint).run(dial, self.shared.origin.clone(), probing);
        (endpoint, AbortOnDrop::spawn(task))
    }
}
