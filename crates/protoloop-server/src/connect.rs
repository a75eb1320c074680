//! The Connect protocol, by the gateway.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, Response};
use protoloop_core::{Handler, Origin};
use protoloop_gateway::{ConnectGateway, Outcome, Router};
use protoloop_wire::Tables;
use tonic::body::Body;

use crate::{ServerConfig, foreign::ForeignEdge, port::keep_what_is_about_the_call};

/// Answers Connect's requests, by calling the same handler as the gRPC edge.
pub(crate) struct ConnectEdge {
    gateway: ConnectGateway,
    handler: Arc<dyn Handler>,
    foreign: Arc<ForeignEdge>,
}

impl ConnectEdge {
    pub(crate) fn new(
        tables: &Arc<Tables>,
        handler: Arc<dyn Handler>,
        foreign: Arc<ForeignEdge>,
        config: &ServerConfig,
    ) -> Self {
        Self {
            gateway: ConnectGateway::new(Arc::clone(tables), config.rpc_options()),
            handler,
            foreign,
        }
    }

    /// Whether a request is Connect's: it says so, or it is a POST to a method's path that no REST binding has. Its headers
    /// and its query are looked at where it `may_say_so`.
    pub(crate) fn claims<B>(&self, request: &Request<B>, may_say_so: bool, rest: &Router) -> bool {
        if may_say_so && ConnectGateway::claims(request) {
            return true;
        }
        let path = request.uri().path();
        request.method() == Method::POST
            && (self.gateway.knows(path) || self.foreign.knows(path))
            && !matches!(rest.find("POST", path), Outcome::Found(_))
    }

    /// Whether the messages of a request come in a stream, by its content type.
    pub(crate) fn is_stream<B>(request: &Request<B>) -> bool {
        let content_type = request.headers().get(http::header::CONTENT_TYPE);
        content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/connect+"))
    }

    /// Answers one request. Every outcome is a response.
    pub(crate) async fn answer<B>(&self, mut request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let path = request.uri().path();
        if !self.gateway.knows(path) && self.foreign.knows(path) {
            return Box::pin(self.foreign.answer_connect(request, origin)).await;
        }
        keep_what_is_about_the_call(request.extensions_mut());
        let serving = self.gateway.serve(request, origin, &*self.handler);
        serving.await.map(Body::new)
    }
}
