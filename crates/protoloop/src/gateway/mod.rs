//! Every protocol in front of gRPC services that run elsewhere.

mod error;
mod reload;
mod source;
mod trace;
mod watch;
mod watched;

use std::{fmt, future::Future, path::PathBuf, sync::Arc, time::Duration};

use protoloop_core::observe::Observer;
use protoloop_schema::Schema;
use protoloop_server::{Check, Dispatcher, Sequence, Server, ServerConfig};
use protoloop_upstream::{Selector, Upstream, UpstreamConfig, Upstreams};
use protoloop_wire::Tables;
use tokio::net::TcpListener;

pub use error::GatewayError;
pub use reload::Reloader;
use reload::Reloading;
use source::{Source, Whence};
use watch::Watched;

/// REST, gRPC-Web, Connect and gRPC in front of gRPC services that run elsewhere, written in anything.
///
/// Their schema comes from server reflection, or from a descriptor set. It is read again at an interval, when a file
/// changes, and when a [`Reloader`] asks; a new one that is sound replaces the old one in one step, without a dropped
/// call, and of one that is not only the log hears.
///
/// Made and built within a tokio runtime.
///
/// A tonic application in the same process needs no upstream: [`InProcess`](crate::InProcess) is a handler over it.
///
/// ```no_run
/// use protoloop::{Application, HttpConfig, InProcess, ReadOptions, Schema};
/// use tonic::service::Routes;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let (_, health) = tonic_health::server::health_reporter();
/// let rules = "
/// http:
///   rules:
///   - selector: grpc.health.v1.Health.Check
///     get: /health/{service}
/// ";
/// let options = ReadOptions {
///     http: HttpConfig::parse("rules.yaml", rules)?,
///     ..ReadOptions::default()
/// };
/// let schema = Schema::read(tonic_health::pb::FILE_DESCRIPTOR_SET, &options)?;
/// Application::from_schema(schema)
///     .fallback(InProcess::new(Routes::new(health)))
///     .serve("127.0.0.1:8080")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Gateway {
    upstreams: Vec<(Selector, UpstreamConfig)>,
    descriptors: Option<PathBuf>,
    rules: Option<PathBuf>,
    unbound: bool,
    refresh: Duration,
    config: ServerConfig,
    layers: Sequence,
}

impl Gateway {
    /// A gateway whose services are all behind one upstream, but for those of [`Gateway::upstream_for`].
    #[must_use]
    pub fn new(upstream: UpstreamConfig) -> Self {
        Self::without_default().upstream_for(Selector::all(), upstream)
    }

    /// A gateway that serves only what [`Gateway::upstream_for`] names.
    #[must_use]
    pub fn without_default() -> Self {
        Self {
            upstreams: Vec::new(),
            descriptors: None,
            rules: None,
            unbound: false,
            refresh: Duration::from_secs(30),
            config: ServerConfig::default(),
            layers: Sequence::builder(),
        }
    }

    /// Another upstream for the services that `selector` matches. Of several selectors the narrowest counts.
    #[must_use]
    pub fn upstream_for(mut self, selector: Selector, upstream: UpstreamConfig) -> Self {
        self.upstreams.push((selector, upstream));
        self
    }

    /// Takes the schema from an encoded descriptor set in a file, imports included, instead of asking the upstreams.
    #[must_use]
    pub fn descriptors(mut self, file: impl Into<PathBuf>) -> Self {
        self.descriptors = Some(file.into());
        self
    }

    /// Takes routes from a `google.api.Service` configuration in a YAML file, instead of those of annotations.
    #[must_use]
    pub fn rules(mut self, file: impl Into<PathBuf>) -> Self {
        self.rules = Some(file.into());
        self
    }

    /// Whether a method without a route gets `POST /package.Service/Method`. Off.
    #[must_use]
    pub fn unbound(mut self, unbound: bool) -> Self {
        self.unbound = unbound;
        self
    }

    /// How often the schema is read again. 30 s.
    #[must_use]
    pub fn refresh_interval(mut self, interval: Duration) -> Self {
        self.refresh = interval;
        self
    }

    /// Replaces the server's bounds and switches.
    #[must_use]
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds the layers of `layers` to the standard sequence; every call of every protocol meets them.
    #[must_use]
    pub fn layers(mut self, layers: Sequence) -> Self {
        self.layers = self.layers.extend(layers);
        self
    }

    /// Connects to the upstreams, reads the schema and puts everything together. No port is opened.
    ///
    /// An upstream that cannot be reached yet is waited for, with a line in the log at every attempt: its schema is not
    /// known before.
    ///
    /// # Errors
    /// Everything that is wrong with the addresses, the files, the schema and the configuration.
    pub async fn build(self) -> Result<GatewayServer, GatewayError> {
        let mut upstreams = Upstreams::default();
        for (selector, config) in self.upstreams {
            let upstream = Upstream::new(config).map_err(|error| GatewayError::text(&error))?;
            upstreams = upstreams.with(selector, upstream);
        }
        let source = Source {
            whence: match self.descriptors {
                Some(file) => Whence::File(file),
                None => Whence::Reflection,
            },
            rules: self.rules,
            unbound: self.unbound,
            upstreams: upstreams.clone(),
            observer: self.config.observer.clone(),
        };
        // Before the files are read, so that no change is missed.
        let watched = Watched::new(&source.files());
        let loaded = source.first().await?;
        let schema = Arc::new(loaded.schema()?);
        let observer = self.config.observer.clone();
        let dispatcher = dispatcher(&schema, &upstreams, observer.as_ref());
        let mut server = Server::builder(Tables::new(&schema), dispatcher)
            .config(self.config)
            .layers(self.layers)
            .layers(trace::layers());
        for check in checks(&upstreams) {
            server = server.check(check);
        }
        let server = server
            .build()
            .map_err(|error| GatewayError::Problems(error.problems().to_vec()))?;
        let reloading = Reloading::new(source, watched, loaded, server.replacer(), self.refresh);
        Ok(GatewayServer {
            server,
            schema,
            reloading,
        })
    }
}

/// A gateway that is complete and checked, and has not opened a port.
pub struct GatewayServer {
    server: Server,
    schema: Arc<Schema>,
    reloading: Reloading,
}

impl GatewayServer {
    /// The schema it begins with.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What has it read the schema again.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        self.reloading.reloader()
    }

    /// Serves every protocol on `listener` until `shutdown` is done; then finishes the calls in flight.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.server.serve(listener, shutdown) => {}
            () = self.reloading.run() => {}
        }
    }
}

impl fmt::Debug for GatewayServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GatewayServer")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

/// Every method is answered by the upstream of its service.
fn dispatcher(
    schema: &Arc<Schema>,
    upstreams: &Upstreams,
    observer: Option<&Arc<dyn Observer>>,
) -> Dispatcher {
    let methods = || {
        schema
            .methods()
            .iter()
            .map(|method| Arc::clone(&method.info))
    };
    let watch = observer.map(|observer| observer.upstream(&methods().collect::<Vec<_>>()));
    Dispatcher::new(Arc::clone(schema)).methods(|method| {
        let upstream = upstreams.of_service(&method.info.service)?;
        let inner = upstream.handler(method);
        Some(match &watch {
            None => inner,
            Some(watch) => Arc::new(watched::Watched {
                inner,
                watch: Arc::clone(watch),
            }),
        })
    })
}

/// One check an upstream, for the services that it answers.
fn checks(upstreams: &Upstreams) -> Vec<Check> {
    let check = |(_, upstream): (&Selector, &Arc<Upstream>)| {
        let (asked, answering) = (Arc::clone(upstream), Arc::clone(upstream));
        let all = upstreams.clone();
        Check::new(format!("upstream {}", upstream.url()), move || {
            let asked = Arc::clone(&asked);
            async move { asked.check() }
        })
        .for_services_where(move |service| {
            let found = all.of_service(service);
            found.is_some_and(|found| Arc::ptr_eq(found, &answering))
        })
    };
    upstreams.iter().map(check).collect()
}
