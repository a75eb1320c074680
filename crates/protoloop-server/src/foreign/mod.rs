//! tonic services beside the schema's own: health, reflection, and what an application brings.
//!
//! They speak gRPC by themselves. For the other protocols a handler calls them like a client in the process would, behind
//! the same gateways that serve the schema's methods.

mod codec;
mod handler;
mod services;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use protoloop_core::{Handler, Origin};
use protoloop_gateway::{ConnectGateway, GrpcGateway};
use protoloop_schema::{Diagnostics, Schema};
use protoloop_wire::Tables;
use tonic::body::Body;

use crate::{CatchPanic, Limits, Phase, Sequence, ServerConfig, reflection::BUILT_IN_SETS};
use handler::ForeignHandler;
pub(crate) use services::ForeignServices;

/// Answers for services that are not the schema's, over every protocol but REST.
pub(crate) struct ForeignEdge {
    services: ForeignServices,
    grpc: GrpcGateway,
    connect: ConnectGateway,
    handler: Arc<dyn Handler>,
}

impl ForeignEdge {
    /// # Errors
    /// Every problem of the built-in services' descriptors.
    pub(crate) fn new(
        services: ForeignServices,
        config: &ServerConfig,
    ) -> Result<Self, Diagnostics> {
        // Of these the types are known, so they speak JSON as well.
        let schema = Schema::from_descriptor_set(&BUILT_IN_SETS.concat())?;
        let tables = Tables::new(&Arc::new(schema));
        let options = config.rpc_options();
        let grpc = GrpcGateway::new(Arc::clone(&tables), options.clone());
        let connect = ConnectGateway::new(tables, options);
        Ok(Self {
            grpc: grpc.open_services(services.names()),
            connect: connect.open_services(services.names()),
            handler: sequence().wrap(Arc::new(ForeignHandler::new(services.clone()))),
            services,
        })
    }

    /// Whether the path is of one of the services.
    pub(crate) fn knows(&self, path: &str) -> bool {
        self.services.knows(path)
    }

    /// Answers a gRPC request, by the service alone.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        self.services.answer(request).await
    }

    /// Answers a gRPC-Web request.
    pub(crate) async fn answer_web<B>(&self, request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let serving = self.grpc.serve(request, origin, &*self.handler);
        serving.await.map(Body::new)
    }

    /// Answers a Connect request.
    pub(crate) async fn answer_connect<B>(
        &self,
        request: Request<B>,
        origin: Origin,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let serving = self.connect.serve(request, origin, &*self.handler);
        serving.await.map(Body::new)
    }
}

/// What stands in front of them: deadlines, and a net for panics. Probes and tools are not counted as calls in flight.
fn sequence() -> Sequence {
    let limits = Limits {
        max_concurrent_calls: usize::MAX,
        default_timeout: None,
        method_timeouts: Vec::new(),
        farewell: None,
    };
    Sequence::builder()
        .at(Phase::Limits, limits)
        .at(Phase::Invoke, CatchPanic)
}
