//! From a schema and its handlers to everything that answers on the port, at the start and again at every replacement.

use std::{fmt, sync::Arc};

use protoloop_core::{
    Handler,
    observe::{Surface, WatchesRequests},
};
use protoloop_schema::Schema;
use protoloop_wire::Tables;
use tokio::sync::watch;

use super::{StartError, chain};
use crate::{
    Dispatcher, Sequence, ServerConfig,
    connect::ConnectEdge,
    foreign::{ForeignEdge, ForeignServices},
    grpc::GrpcEdge,
    health::Readiness,
    port::Port,
    reflection,
    rest::RestEdge,
    sequence::{FieldBehavior, Limits, Phase, Watched},
};

/// What stays the same whatever schema is served.
pub(super) struct Assembly {
    pub(super) config: Arc<ServerConfig>,
    pub(super) layers: Sequence,
    /// Without reflection, which shows one schema.
    pub(super) foreign: ForeignServices,
    pub(super) readiness: Arc<Readiness>,
}

/// A schema with everything that serves it.
pub(super) struct Assembled {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) port: Arc<Port>,
}

impl Assembly {
    /// # Errors
    /// Every problem of the descriptor set and the REST bindings.
    pub(super) fn assemble(
        &self,
        tables: &Arc<Tables>,
        dispatcher: Dispatcher,
    ) -> Result<Assembled, Vec<String>> {
        let mut problems = Vec::new();
        let schema = tables.schema();
        let mut foreign = self.foreign.clone();
        if self.config.reflection
            && let Err(error) = reflection::add(&mut foreign, schema)
        {
            problems.push(chain(&error));
        }
        let mut sequence = Sequence::standard(self.limits(schema));
        if self.config.observer.is_some() {
            sequence = sequence.before(Phase::Trace, Watched);
        }
        if self.config.field_behavior
            && let Some(behavior) =
                FieldBehavior::of(tables, |method| dispatcher.is_overridden(method))
        {
            sequence = sequence.at(Phase::Validate, behavior);
        }
        if !self.config.trusted_proxy.is_off() {
            sequence = sequence.at(Phase::Authenticate, self.config.trusted_proxy.clone());
        }
        let sequence = sequence.extend(self.layers.clone());
        let handler = sequence.wrap(Arc::new(dispatcher));
        let rest = match RestEdge::new(
            tables,
            Arc::clone(&handler),
            sequence.admission(),
            &self.config,
        ) {
            Ok(rest) if problems.is_empty() => rest,
            Ok(_) => return Err(problems),
            Err(diagnostics) => {
                problems.extend(diagnostics.0.iter().map(ToString::to_string));
                return Err(problems);
            }
        };
        let watch = self.watch(schema, &rest, &foreign);
        let foreign = ForeignEdge::new(foreign, &self.config).map_err(|diagnostics| {
            let lines = diagnostics.0.iter().map(ToString::to_string);
            lines.collect::<Vec<_>>()
        })?;
        let foreign = Arc::new(foreign);
        let grpc = GrpcEdge::new(
            Arc::clone(tables),
            Arc::clone(&handler),
            Arc::clone(&foreign),
            &self.config,
        );
        let connect = ConnectEdge::new(tables, Arc::clone(&handler), foreign, &self.config);
        let port = Port {
            grpc: Arc::new(grpc),
            connect,
            rest,
            readiness: Arc::clone(&self.readiness),
            cors: self.config.cors.clone(),
            read_timeout: self.config.read_timeout,
            secure: self.config.tls.is_some(),
            watch,
        };
        Ok(Assembled {
            handler,
            port: Arc::new(port),
        })
    }

    /// What watches the requests for a schema.
    fn watch(
        &self,
        schema: &Schema,
        rest: &RestEdge,
        foreign: &ForeignServices,
    ) -> Option<Arc<dyn WatchesRequests>> {
        let observer = self.config.observer.as_ref()?;
        let methods = schema.methods().iter();
        let routes = rest.router().routes().iter();
        Some(
            observer.surface(&Surface {
                methods: methods.map(|method| Arc::clone(&method.info)).collect(),
                routes: routes
                    .map(|route| Arc::clone(&route.template.text))
                    .collect(),
                services: foreign.names().collect(),
            }),
        )
    }

    fn limits(&self, schema: &Schema) -> Limits {
        Limits {
            max_concurrent_calls: self.config.max_concurrent_calls,
            default_timeout: self.config.default_timeout,
            method_timeouts: schema
                .methods()
                .iter()
                .map(|method| method.timeout)
                .collect(),
            farewell: Some(self.readiness.farewell()),
        }
    }
}

/// Replaces what a running [`Server`](crate::Server) serves: tables, routes, reflection and handlers together, in one
/// step. No call is dropped: those in flight finish on what they began with, every later one meets the new.
///
/// Layers, configuration and readiness checks stay. The bound on calls in flight counts anew.
#[derive(Clone)]
pub struct Replacer {
    assembly: Arc<Assembly>,
    ports: Arc<watch::Sender<Arc<Port>>>,
}

impl Replacer {
    pub(super) fn new(assembly: Assembly, ports: watch::Sender<Arc<Port>>) -> Self {
        Self {
            assembly: Arc::new(assembly),
            ports: Arc::new(ports),
        }
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Arc<Port>> {
        self.ports.subscribe()
    }

    /// Serves the methods of `tables`' schema by `dispatcher` from now on.
    ///
    /// # Errors
    /// Every problem of the descriptor set and the REST bindings; then everything stays as it is.
    pub fn replace(&self, tables: &Arc<Tables>, dispatcher: Dispatcher) -> Result<(), StartError> {
        let assembled = self.assembly.assemble(tables, dispatcher);
        let assembled = assembled.map_err(|problems| StartError { problems })?;
        let services = tables.schema().services().iter();
        let services = services.map(|service| &*service.full_name);
        self.assembly.readiness.replace_services(services);
        self.ports.send_replace(assembled.port);
        Ok(())
    }
}

impl fmt::Debug for Replacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replacer").finish_non_exhaustive()
    }
}
