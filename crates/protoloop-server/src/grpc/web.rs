//! gRPC-Web in front of the same edge.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Request, Response};
use protoloop_core::BoxFuture;
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{BoxError, Layer as _, Service};

use super::{GrpcEdge, Origin};

/// Answers a gRPC-Web request, binary or base64 text, over any HTTP version.
pub(crate) async fn answer_web<B>(
    edge: &Arc<GrpcEdge>,
    request: Request<B>,
    origin: Origin,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send,
{
    let inner = EdgeService {
        edge: Arc::clone(edge),
        origin,
    };
    let mut service = GrpcWebLayer::new().layer(inner);
    match service.call(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// One request's edge as a tower service, which is what the gRPC-Web layer wraps.
struct EdgeService {
    edge: Arc<GrpcEdge>,
    origin: Origin,
}

impl Service<Request<Body>> for EdgeService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (edge, origin) = (Arc::clone(&self.edge), self.origin);
        Box::pin(async move { Ok(edge.answer(request, origin).await) })
    }
}
