//! The server as a whole: built, checked, then served; what it serves may be replaced while it runs.

mod assembly;

use std::{convert::Infallible, fmt, future::Future, sync::Arc};

use http::{Request, Response};
use protoloop_core::Handler;
use protoloop_gateway::Router;
use protoloop_wire::Tables;
use tokio::{net::TcpListener, sync::watch};
use tonic::{body::Body, server::NamedService};
use tower::Service;

use crate::{
    Check, Dispatcher, Sequence, ServerConfig,
    foreign::ForeignServices,
    health::{HealthService, Readiness},
    port::Port,
    transport::{self, Renewed},
};
pub use assembly::Replacer;
use assembly::{Assembled, Assembly};

/// A server that is complete and checked, and has not opened a port yet.
pub struct Server {
    handler: Arc<dyn Handler>,
    port: Arc<Port>,
    replacer: Replacer,
    tls: Option<Renewed>,
    config: Arc<ServerConfig>,
}

impl Server {
    /// Starts to build a server that answers the methods of `tables`' schema by `dispatcher`.
    #[must_use]
    pub fn builder(tables: Arc<Tables>, dispatcher: Dispatcher) -> ServerBuilder {
        ServerBuilder {
            tables,
            dispatcher,
            config: ServerConfig::default(),
            layers: Sequence::builder(),
            checks: Vec::new(),
            foreign: ForeignServices::default(),
        }
    }

    /// The REST routes it serves.
    #[must_use]
    pub fn routes(&self) -> &Router {
        self.port.rest.router()
    }

    /// The whole sequence with the handlers behind it, for calls inside the process: they meet the same layers as a call
    /// from outside.
    #[must_use]
    pub fn handler(&self) -> Arc<dyn Handler> {
        Arc::clone(&self.handler)
    }

    /// What replaces the schema and the handlers while the server runs.
    #[must_use]
    pub fn replacer(&self) -> Replacer {
        self.replacer.clone()
    }

    #[cfg(test)]
    pub(crate) fn port(&self) -> &Arc<Port> {
        &self.port
    }

    /// Serves every protocol on `listener` until `shutdown` is done, and then ends in order: `/readyz` and
    /// `grpc.health.v1` say "not ready", the drain delay passes, no further connection is accepted and HTTP/2 peers get
    /// GOAWAY, calls in flight finish for the grace period at most. While it drains, peers of HTTP/1.1 are told
    /// `Connection: close` with each answer.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        let readiness = Arc::clone(&self.port.readiness);
        let serving = transport::serve(
            listener,
            self.replacer.subscribe(),
            self.tls,
            Arc::clone(&self.config),
            shutdown,
        );
        tokio::select! {
            () = serving => {}
            () = readiness.monitor(self.config.check_interval) => {}
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = &self.config;
        f.debug_struct("Server")
            .field("config", config)
            .finish_non_exhaustive()
    }
}

/// What a [`Server`] is made of.
#[derive(Debug)]
pub struct ServerBuilder {
    tables: Arc<Tables>,
    dispatcher: Dispatcher,
    config: ServerConfig,
    layers: Sequence,
    checks: Vec<Check>,
    foreign: ForeignServices,
}

impl ServerBuilder {
    /// Replaces the bounds and switches.
    #[must_use]
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds the layers of `layers` to the standard sequence, each at its phase.
    #[must_use]
    pub fn layers(mut self, layers: Sequence) -> Self {
        self.layers = self.layers.extend(layers);
        self
    }

    /// Adds a readiness check.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Adds a tonic service that is none of the schema's. It answers by itself: the sequence does not see its calls.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        self.foreign.add(service);
        self
    }

    /// Checks everything and puts it together. Opens nothing but the TLS files.
    ///
    /// # Errors
    /// Every problem of the configuration, the TLS files and the descriptor set at once.
    pub fn build(self) -> Result<Server, StartError> {
        let mut problems = Vec::new();
        if let Err(error) = self.config.validate() {
            problems.extend_from_slice(error.problems());
        }
        let tls = match self.config.tls.as_ref().map(Renewed::new).transpose() {
            Ok(tls) => tls,
            Err(error) => {
                problems.push(chain(&error));
                None
            }
        };
        let services = self.tables.schema().services().iter();
        let services = services.map(|service| &*service.full_name);
        let readiness = Readiness::new(self.checks, services, self.config.check_timeout);
        let mut foreign = self.foreign;
        foreign.add(HealthService::server(&readiness));
        let assembly = Assembly {
            config: Arc::new(self.config),
            layers: self.layers,
            foreign,
            readiness,
        };
        let assembled = assembly.assemble(&self.tables, self.dispatcher);
        let Assembled { handler, port } = match assembled {
            Ok(assembled) if problems.is_empty() => assembled,
            Ok(_) => return Err(StartError { problems }),
            Err(further) => {
                problems.extend(further);
                return Err(StartError { problems });
            }
        };
        let config = Arc::clone(&assembly.config);
        Ok(Server {
            handler,
            replacer: Replacer::new(assembly, watch::Sender::new(Arc::clone(&port))),
            port,
            tls,
            config,
        })
    }
}

/// A text with its causes, for a list of problems.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Why a server cannot start: every problem that was found.
#[derive(Debug)]
pub struct StartError {
    problems: Vec<String>,
}

impl StartError {
    /// One text per problem.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server cannot start: {}", self.problems.join("; "))
    }
}

impl std::error::Error for StartError {}
