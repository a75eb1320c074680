//! The services by name.

use std::{collections::BTreeMap, convert::Infallible};

use http::{Request, Response};
use tonic::{Status, body::Body, server::NamedService};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

/// A tonic service of any type.
type Foreign = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Services by name, few as they are. They answer HTTP requests themselves; the sequence does not see them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForeignServices(BTreeMap<String, Foreign>);

impl ForeignServices {
    pub(crate) fn add<S>(&mut self, service: S)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let name = S::NAME.to_owned();
        self.0.insert(name, BoxCloneSyncService::new(service));
    }

    /// Their full names.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().cloned()
    }

    /// Whether the path is of one of them.
    pub(super) fn knows(&self, path: &str) -> bool {
        service_name(path).is_some_and(|name| self.0.contains_key(name))
    }

    /// Answers a request whose path is none of the schema's methods.
    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let name = service_name(request.uri().path());
        match name.and_then(|name| self.0.get(name)).cloned() {
            Some(service) => match service.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            None => unknown(request.uri().path()).into_http(),
        }
    }
}

fn service_name(path: &str) -> Option<&str> {
    path.strip_prefix('/')?
        .split_once('/')
        .map(|(name, _)| name)
}

fn unknown(path: &str) -> Status {
    Status::unimplemented(format!("this server has no method {path}"))
}
