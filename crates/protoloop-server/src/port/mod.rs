//! One port for every protocol: which of them a request speaks, and who answers it.

mod admin;
mod body;
mod cors;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use protoloop_core::Error;
use protoloop_gateway::{GrpcKind, PageMayCall, is_form};
use tonic::body::Body;
use tower::BoxError;

use crate::{
    TraceContext,
    connect::ConnectEdge,
    grpc::{GrpcEdge, Origin},
    health::Readiness,
    rest::RestEdge,
    socket,
    trace_context::TRACEPARENT,
};
pub(crate) use body::{Displayed, Held, ReadTimeout};
pub use cors::Cors;
use cors::Opener;

/// Everything that answers on one port.
pub(crate) struct Port {
    pub(crate) grpc: Arc<GrpcEdge>,
    pub(crate) connect: ConnectEdge,
    pub(crate) rest: RestEdge,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) cors: Cors,
    pub(crate) read_timeout: Duration,
}

impl Port {
    /// Answers one request of any protocol.
    pub(crate) async fn answer<B>(
        &self,
        request: Request<B>,
        peer: Option<SocketAddr>,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let trace = TraceContext::of_headers(request.headers());
        let traced = request.headers().contains_key(TRACEPARENT);
        let kind = GrpcKind::of(request.headers());
        let origin = Origin { peer, trace };
        let mut response = match kind {
            Some(GrpcKind::Native) => match refuse_transport(&request) {
                Some(refusal) => refusal,
                None => self.grpc.answer(request, GrpcKind::Native, origin).await,
            },
            Some(kind) => {
                let asked = page(&request);
                let answer = Box::pin(self.grpc.answer(request, kind, origin));
                let mut response = answer.await;
                self.cors.expose(asked.as_ref(), response.headers_mut());
                response
            }
            None => Box::pin(self.answer_http(request, origin)).await,
        };
        // A gRPC client that does not trace needs the id only to tell of an error; sent always, it would be the larger
        // part of a small response's headers.
        let failed = || response.headers().contains_key("grpc-status");
        if traced || kind != Some(GrpcKind::Native) || failed() {
            let headers = response.headers_mut();
            headers.insert(TRACEPARENT, trace.header_value());
        }
        response
    }

    async fn answer_http<B>(&self, mut request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        if let Some(preflight) = self.cors.preflight(request.method(), request.headers()) {
            return preflight;
        }
        let asked = page(&request);
        let mut response = match admin::Page::of(request.method(), request.uri().path()) {
            Some(page) => page.answer(&self.readiness).await,
            None if socket::asks(&request) => Box::pin(self.open(request, origin)).await,
            None if self.connect.claims(&request, self.rest.router()) => {
                // A stream may take its time between messages.
                if ConnectEdge::is_stream(&request) {
                    Box::pin(self.connect.answer(request.map(Displayed), origin)).await
                } else {
                    let bounded = |body| ReadTimeout::new(body, self.read_timeout);
                    Box::pin(self.connect.answer(request.map(bounded), origin)).await
                }
            }
            None => {
                let page = asked.as_ref().and_then(|_| self.page_of_form(&mut request));
                self.rest.answer(request, origin, page).await
            }
        };
        self.cors.expose(asked.as_ref(), response.headers_mut());
        response
    }
}

impl Port {
    /// Whether a form comes from a page of another origin that may call: then without credentials, as its other requests
    /// do.
    fn page_of_form<B>(&self, request: &mut Request<B>) -> Option<PageMayCall> {
        let foreign = is_form(request.headers())
            && self.cors.opener(request.headers(), request.uri()) == Opener::Foreign;
        if !foreign {
            return None;
        }
        without_credentials(request);
        Some(PageMayCall)
    }

    /// Opens a WebSocket, for pages by the same rules as all else: a page of another origin comes without credentials, if
    /// it may come at all.
    async fn open<B>(&self, mut request: Request<B>, origin: Origin) -> Response<Body> {
        match self.cors.opener(request.headers(), request.uri()) {
            Opener::Own => {}
            Opener::Foreign => without_credentials(&mut request),
            Opener::Refused => {
                let message = "Origin: pages of this origin may not open a WebSocket here";
                let error = Error::permission_denied(message);
                return self.rest.refuse(request.headers(), error);
            }
        }
        self.rest.open(request, origin).await
    }
}

fn without_credentials<B>(request: &mut Request<B>) {
    for name in [header::COOKIE, header::AUTHORIZATION] {
        request.headers_mut().remove(name);
    }
}

/// The origin of the page that asks, if a page does.
fn page<B>(request: &Request<B>) -> Option<HeaderValue> {
    request.headers().get(header::ORIGIN).cloned()
}

/// gRPC needs HTTP/2: its trailers do not fit elsewhere.
fn refuse_transport<B>(request: &Request<B>) -> Option<Response<Body>> {
    if request.version() != Version::HTTP_2 {
        return Some(refusal(StatusCode::HTTP_VERSION_NOT_SUPPORTED));
    }
    None
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests;
