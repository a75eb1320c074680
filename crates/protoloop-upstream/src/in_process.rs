//! A service in the same process, without a connection.

use std::fmt;

use bytes::Bytes;
use http::{Request, Response, Uri, uri::PathAndQuery};
use protoloop_core::{BoxFuture, Call, Error, Handler, Reply, Result};
use tonic::body::Body;
use tower_service::Service;

use crate::exchange::{self, Exchange};

/// A tower service that speaks gRPC, such as tonic's `Routes` or one generated server, as a [`Handler`]: REST, gRPC-Web
/// and gRPC in front of an application that has only the last, without a hop.
///
/// It answers every method that the service answers; the service says UNIMPLEMENTED to the others.
#[derive(Clone)]
pub struct InProcess<S> {
    service: S,
}

impl<S> InProcess<S> {
    /// A handler over a service. Each call gets a clone of it.
    pub fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S> fmt::Debug for InProcess<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").finish_non_exhaustive()
    }
}

impl<S, B> Handler for InProcess<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
    S::Future: Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        let service = self.service.clone();
        Box::pin(async move {
            let path: PathAndQuery = call.method.path.parse().map_err(|error| {
                Error::internal_error(format!("{} is no path: {error}", call.method.path))
            })?;
            let exchange = Exchange {
                path: &path,
                context: &call.context,
                many: call.method.server_streaming,
            };
            let client = exchange::client(service, &Uri::from_static("http://in-process/"))
                .max_decoding_message_size(usize::MAX);
            let answer = exchange.run(client, call.messages).await;
            answer.map_err(|failure| failure.error)
        })
    }
}
