//! The gRPC edge: the schema's methods by the gateway, services that others bring by themselves.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt as _, future::Either};
use http::{Request, Response};
use protoloop_core::{BoxFuture, Handler, Origin};
use protoloop_gateway::{GrpcGateway, GrpcKind};
use protoloop_wire::Tables;
use tonic::body::Body;
use tower::BoxError;

use crate::{
    ServerConfig,
    foreign::ForeignEdge,
    port::{Displayed, ReadTimeout, keep_what_is_about_the_call},
};

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
    pub(crate) fn answer<B>(
        &self,
        mut request: Request<B>,
        kind: GrpcKind,
        origin: Origin,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let path = request.uri().path();
        if !self.gateway.knows(path) && self.foreign.knows(path) {
            return Either::Left(self.answer_foreign(request, kind, origin));
        }
        // A stream may take its time between messages.
        let limit = self.gateway.takes_one(path).then_some(self.read_timeout);
        keep_what_is_about_the_call(request.extensions_mut());
        let request = request.map(|body| ReadTimeout::if_any(body, limit));
        let answer = self.gateway.serve(request, origin, &*self.handler);
        Either::Right(answer.map(|response| response.map(Body::new)))
    }

    fn answer_foreign<B>(
        &self,
        request: Request<B>,
        kind: GrpcKind,
        origin: Origin,
    ) -> BoxFuture<'_, Response<Body>>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        match kind {
            GrpcKind::Native => Box::pin(self.foreign.answer(request.map(Body::new))),
            GrpcKind::Web | GrpcKind::WebText => {
                Box::pin(self.foreign.answer_web(request.map(Displayed), origin))
            }
        }
    }
}
