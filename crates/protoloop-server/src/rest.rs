//! REST/JSON, behind the seam of the port.

use http::{HeaderValue, Request, Response, StatusCode, header};
use protoloop_core::BoxFuture;
use tonic::body::Body;

use crate::{grpc::Origin, port::HttpEdge};

/// Answers requests that no other protocol claimed.
pub(crate) struct RestEdge;

impl RestEdge {
    pub(crate) fn new() -> Self {
        Self
    }
}

impl HttpEdge for RestEdge {
    fn answer(&self, _: Request<Body>, _: Origin) -> BoxFuture<'_, Response<Body>> {
        let text =
            r#"{"error":{"code":404,"message":"there is nothing here","status":"NOT_FOUND"}}"#;
        let mut response = Response::new(Body::new(http_body_util::Full::from(text)));
        *response.status_mut() = StatusCode::NOT_FOUND;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        Box::pin(std::future::ready(response))
    }
}
