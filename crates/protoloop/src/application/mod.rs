//! The application: schema, datasources and handlers, put together.

mod build;
mod datasources;
mod error;
mod server;

use std::{fmt, sync::Arc, time::Duration};

use prost::Name;
use protoloop_core::Handler;
use protoloop_repository::{
    Connector, Entity, Hook, Hooks, OnStart, PageTokenKey, Record, RequestIds,
};
use protoloop_schema::{ReadOptions, Schema};
use protoloop_server::{Check, Sequence, ServerConfig, shutdown};
use tokio::net::{TcpListener, ToSocketAddrs};

pub use error::ApplicationError;
pub use server::{ApplicationServer, Running};

use crate::typed::Service;

/// What an application is made of. Nothing is opened and nothing is checked before [`Application::build`].
///
/// Standard methods are answered by the standard engine over the datasources, unless a service overrides them.
pub struct Application {
    schema: Arc<Schema>,
    /// Whether a custom method that nobody implements keeps the application from starting.
    complete: bool,
    datasources: Vec<(String, Arc<dyn Connector>)>,
    /// `None`: as each datasource does by itself.
    migrate: Option<OnStart>,
    services: Vec<Box<dyn Service>>,
    fallback: Option<Arc<dyn Handler>>,
    config: ServerConfig,
    layers: Sequence,
    checks: Vec<Check>,
    hooks: Hooks,
    keep_request_ids: Duration,
    make_request_ids: Option<OnStart>,
    page_token_key: PageTokenKey,
}

impl Application {
    /// An application of the generated `DESCRIPTOR_SET`. It starts only when every custom method has a handler.
    ///
    /// # Errors
    /// Everything that is wrong with the schema.
    pub fn new(descriptor_set: &[u8]) -> Result<Self, ApplicationError> {
        let options = ReadOptions {
            batch: true,
            ..ReadOptions::default()
        };
        let schema = Schema::read(descriptor_set, &options)
            .map_err(|problems| ApplicationError::one(problems.to_string()))?;
        Ok(Self {
            complete: true,
            ..Self::from_schema(schema)
        })
    }

    /// An application without code. A custom method that has no handler answers UNIMPLEMENTED.
    #[must_use]
    pub fn from_schema(schema: impl Into<Arc<Schema>>) -> Self {
        Self {
            schema: schema.into(),
            complete: false,
            datasources: Vec::new(),
            migrate: None,
            services: Vec::new(),
            fallback: None,
            config: ServerConfig::default(),
            layers: Sequence::builder(),
            checks: Vec::new(),
            hooks: Hooks::new(),
            keep_request_ids: RequestIds::KEEP,
            make_request_ids: None,
            page_token_key: PageTokenKey::default(),
        }
    }

    /// Gives a datasource its connector. A model is stored in the datasource that its options name, or in `default`.
    #[must_use]
    pub fn datasource(mut self, name: impl Into<String>, connector: impl Connector) -> Self {
        self.datasources.push((name.into(), Arc::new(connector)));
        self
    }

    /// Says what the start does about databases that do not fit the models. Unless it is said, a file is brought to them,
    /// and a database server only when it is empty: one that differs is refused, because other replicas may use it.
    #[must_use]
    pub fn migrate(mut self, how: OnStart) -> Self {
        self.migrate = Some(how);
        self
    }

    /// Adds a generated server with its handlers: `TodoServiceServer::new(Todos)`.
    #[must_use]
    pub fn service(mut self, service: impl Service) -> Self {
        self.services.push(Box::new(service));
        self
    }

    /// Answers every method that neither the standard engine nor a service answers: with the feature `gateway` by an
    /// [`InProcess`](crate::InProcess) over a tonic application.
    #[must_use]
    pub fn fallback(mut self, handler: impl Handler) -> Self {
        self.fallback = Some(Arc::new(handler));
        self
    }

    /// Replaces the server's bounds and switches.
    #[must_use]
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Adds the layers of `layers` to the standard sequence, each before, at or after its phase.
    #[must_use]
    pub fn layers(mut self, layers: Sequence) -> Self {
        self.layers = self.layers.extend(layers);
        self
    }

    /// Adds what is done around the rows of a model, behind the hooks that were added before. `E` is a generated message.
    #[must_use]
    pub fn hook<E: Entity + Name>(mut self, hook: impl Hook<E>) -> Self {
        self.hooks = self.hooks.on(E::full_name(), hook);
        self
    }

    /// Adds what is done around the rows of every model, in its place among the other hooks.
    #[must_use]
    pub fn hook_all(mut self, hook: impl Hook<Record>) -> Self {
        self.hooks = self.hooks.on_all(hook);
        self
    }

    /// For how long a database keeps the answers to calls with a `request_id`, so that the same call again gets the first
    /// answer, also from another replica and after a crash: a day unless said otherwise. Zero leaves them to the memory of
    /// each process, and makes no table for them.
    #[must_use]
    pub fn keep_request_ids(mut self, keep: Duration) -> Self {
        self.keep_request_ids = keep;
        self
    }

    /// Says what may be done about the table in which those answers are kept, where that is something else than about the
    /// tables of the models ([`Application::migrate`]). The first call with a `request_id` makes it; where nothing may be
    /// changed and it is missing, such a call is FAILED_PRECONDITION.
    #[must_use]
    pub fn make_request_ids(mut self, how: OnStart) -> Self {
        self.make_request_ids = Some(how);
        self
    }

    /// Signs page tokens with a key of the application's own, which all replicas must share, so that callers cannot make any:
    /// the default key is known to everybody. What a token says gives no right that List does not give.
    #[must_use]
    pub fn page_token_key(mut self, key: PageTokenKey) -> Self {
        self.page_token_key = key;
        self
    }

    /// Adds a readiness check. Datasources have theirs already.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// The schema, synthesised services included.
    #[must_use]
    pub fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    /// Prepares the datasources (tables are created here, see [`Application::migrate`]), checks everything and puts it
    /// together. No port is opened.
    ///
    /// # Errors
    /// Every problem of the datasources, the handlers and the configuration at once.
    pub async fn build(self) -> Result<ApplicationServer, ApplicationError> {
        build::build(self).await
    }

    /// Builds, and serves every protocol on `address` until SIGINT or SIGTERM; then finishes the calls in flight.
    ///
    /// # Errors
    /// As [`Application::build`], and when the address cannot be bound.
    pub async fn serve(self, address: impl ToSocketAddrs) -> Result<(), ApplicationError> {
        let server = self.build().await?;
        let listener = bind(address).await?;
        let signal = shutdown::signal()
            .map_err(|error| ApplicationError::one(format!("waiting for signals: {error}")))?;
        server.serve(listener, signal).await;
        Ok(())
    }

    /// Builds, and serves in the background until [`Running::shutdown`]; for tests, and for applications with a `main`
    /// of their own. Port 0 takes a free one.
    ///
    /// # Errors
    /// As [`Application::serve`].
    pub async fn start(self, address: impl ToSocketAddrs) -> Result<Running, ApplicationError> {
        let server = self.build().await?;
        let listener = bind(address).await?;
        Running::start(server, listener)
    }
}

async fn bind(address: impl ToSocketAddrs) -> Result<TcpListener, ApplicationError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|error| ApplicationError::one(format!("the address cannot be bound: {error}")))
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Application")
            .field("datasources", &self.datasources)
            .field("services", &self.services)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
