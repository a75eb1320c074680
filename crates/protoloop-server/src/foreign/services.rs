//! The services by name.

use std::convert::Infallible;

use http::{Request, Response};
use tonic::{Status, body::Body, server::NamedService};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

/// A tonic service of any type.
type Foreign = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Services by name, few as they are: names are compared faster than hashed. They answer HTTP requests themselves; the sequence does
/// not see them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForeignServices(Vec<(&'static str, Foreign)>);

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
        self.0.retain(|(name, _)| *name != S::NAME);
        self.0.push((S::NAME, BoxCloneSyncService::new(service)));
    }

    /// Their full names.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(name, _)| (*name).to_owned())
    }

    /// Whether the path is of one of them.
    pub(super) fn knows(&self, path: &str) -> bool {
        self.of(path).is_some()
    }

    fn of(&self, path: &str) -> Option<&Foreign> {
        let asked = service_name(path)?;
        let found = self.0.iter().find(|(name, _)| *name == asked);
        found.map(|(_, service)| service)
    }

    /// Answers a request whose path is none of the schema's methods.
    pub(super) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        match self.of(request.uri().path()).cloned() {
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
