//! The gRPC edge: the schema's methods by the gateway, services that others bring by themselves.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use protoloop_core::Handler;
use protoloop_gateway::{GrpcGateway, GrpcKind};
use protoloop_wire::Tables;
use tonic::body::Body;
use tower::BoxError;

use crate::{
    ServerConfig, TraceContext,
    foreign::ForeignEdge,
    port::{Displayed, ReadTimeout},
};

/// Where a request came from, found once by the port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) trace: TraceContext,
}

/// Answers gRPC and gRPC-Web requests of a schema's methods by a handler, and of other services by themselves.
pub(crate) struct GrpcEdge {
    gateway: GrpcGateway,
    handler: Arc<dyn Handler>,
    read_timeout: Duration,
    foreign: Arc<ForeignEdge>,
}

impl GrpcEdge {
    pub(crate) fn new(
        tables: Arc<Tables>,
        handler: Arc<dyn Handler>,
        foreign: Arc<ForeignEdge>,
        config: &ServerConfig,
    ) -> Self {
        Self {
            gateway: GrpcGateway::new(tables, config.rpc_options()),
            handler,
            read_timeout: config.read_timeout,
            foreign,
        }
    }

    /// Answers one request. Every outcome is a response.
    pub(crate) async fn answer<B>(
        &self,
        mut request: Request<B>,
        kind: GrpcKind,
        origin: Origin,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let path = request.uri().path();
        if !self.gateway.knows(path) && self.foreign.knows(path) {
            return match kind {
                GrpcKind::Native => self.foreign.answer(request.map(Body::new)).await,
                GrpcKind::Web | GrpcKind::WebText => {
                    let request = request.map(Displayed);
                    Box::pin(self.foreign.answer_web(request, origin)).await
                }
            };
        }
        let one = self.gateway.takes_one(path);
        // What the transport left there is about the connection; the call gets what is about the call.
        request.extensions_mut().clear();
        request.extensions_mut().insert(origin.trace);
        let handler = &*self.handler;
        // A stream may take its time between messages.
        let response = if one {
            let request = request.map(|body| ReadTimeout::new(body, self.read_timeout));
            self.gateway.serve(request, origin.peer, handler).await
        } else {
            let request = request.map(Displayed);
            self.gateway.serve(request, origin.peer, handler).await
        };
        response.map(Body::new)
    }
}
