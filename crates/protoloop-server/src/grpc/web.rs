//! gRPC-Web in front of services that are not the schema's.

use http::{Request, Response};
use tonic::body::Body;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, Service as _, service_fn};

use super::ForeignServices;

/// Answers a gRPC-Web request, binary or base64 text, over any HTTP version.
pub(super) async fn answer(services: &ForeignServices, request: Request<Body>) -> Response<Body> {
    let services = services.clone();
    let inner = service_fn(move |request| {
        let services = services.clone();
        async move { Ok::<_, std::convert::Infallible>(services.answer(request).await) }
    });
    let mut service = GrpcWebLayer::new().layer(inner);
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
