//! One port for every protocol: which of them a request speaks, and who answers it.

mod admin;
mod body;
mod cors;
mod signs;
mod watched;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Version, header};
use http_body::Body as _;
use protoloop_core::{BoxFuture, Error, Origin, TraceContext, observe::WatchesRequests};
use protoloop_gateway::{GrpcKind, PageMayCall, is_form};
use tonic::body::Body;
use tower::BoxError;

use crate::{connect::ConnectEdge, grpc::GrpcEdge, health::Readiness, rest::RestEdge, socket};
pub(crate) use body::{Displayed, ReadTimeout};
pub use cors::Cors;
use cors::Opener;
use signs::Signs;
pub(crate) use watched::keep_what_is_about_the_call;

/// Everything that answers on one port.
pub(crate) struct Port {
    pub(crate) grpc: Arc<GrpcEdge>,
    pub(crate) connect: ConnectEdge,
    pub(crate) rest: RestEdge,
    pub(crate) readiness: Arc<Readiness>,
    pub(crate) cors: Cors,
    pub(crate) read_timeout: Duration,
    /// Whether connections are TLS.
    pub(crate) secure: bool,
    pub(crate) watch: Option<Arc<dyn WatchesRequests>>,
}

impl Port {
    /// Answers one request of any protocol, and finds its trace.
    ///
    /// Each protocol's future is in a box of its own size, and its rare parts in boxes of their own: a future is moved into
    /// its box as a whole, so that room which most requests do not need would cost all of them.
    pub(crate) fn answer<B>(
        self: Arc<Self>,
        request: Request<B>,
        origin: Origin,
    ) -> BoxFuture<'static, Response<Body>>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let headers = request.headers();
        let signs = Signs::of(headers);
        let trace = match signs.has(Signs::TRACEPARENT) {
            true => TraceContext::of_headers(headers),
            false => TraceContext::start(),
        };
        let origin = Origin {
            trace: Some(trace),
            ..origin
        };
        match self.watch.clone() {
            None => self.answer_traced(request, origin, signs),
            Some(watch) => self.answer_watched(&*watch, request, origin, signs),
        }
    }

    fn answer_traced<B>(
        self: Arc<Self>,
        request: Request<B>,
        origin: Origin,
        signs: Signs,
    ) -> BoxFuture<'static, Response<Body>>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        match signs.grpc(request.headers()) {
            None => self.answer_http(request, origin, signs),
            Some(GrpcKind::Native) => match refuse_transport(&request) {
                Some(refusal) => Box::pin(std::future::ready(refusal)),
                None => Box::pin(self.answer_grpc(request, origin)),
            },
            Some(kind) => {
                let asked = page(&request);
                Box::pin(async move {
                    let mut response = self.grpc.answer(request, kind, origin).await;
                    self.cors.expose(asked.as_deref(), response.headers_mut());
                    with_trace(&mut response, origin.trace);
                    response
                })
            }
        }
    }

    async fn answer_grpc<B>(self: Arc<Self>, request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let answer = self.grpc.answer(request, GrpcKind::Native, origin);
        let mut response = answer.await;
        if is_traced(origin.trace) || response.headers().contains_key("grpc-status") {
            with_trace(&mut response, origin.trace);
        }
        response
    }

    fn answer_http<B>(
        self: Arc<Self>,
        mut request: Request<B>,
        origin: Origin,
        signs: Signs,
    ) -> BoxFuture<'static, Response<Body>>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let trace = origin.trace;
        if let Some(preflight) = self.cors.preflight(request.method(), request.headers()) {
            return Box::pin(std::future::ready(traced(preflight, trace)));
        }
        let asked = signs.has(Signs::ORIGIN).then(|| page(&request)).flatten();
        if let Some(page) = admin::Page::of(request.method(), request.uri().path()) {
            return Box::pin(async move {
                let response = page.answer(&self.readiness).await;
                self.shown(response, asked.as_deref(), trace)
            });
        }
        let may_be_socket = signs.has(Signs::UPGRADE) || request.version() == Version::HTTP_2;
        if may_be_socket && socket::asks(&request) {
            return Box::pin(async move {
                let response = self.open(request, origin).await;
                self.shown(response, asked.as_deref(), trace)
            });
        }
        if self.is_connect(&request, signs) {
            return Box::pin(async move {
                let response = self.answer_connect(request, origin).await;
                self.shown(response, asked.as_deref(), trace)
            });
        }
        let page = asked.as_ref().and_then(|_| self.page_of_form(&mut request));
        let received = RestEdge::received(request, origin, page);
        Box::pin(async move {
            let response = self.rest.answer(received).await;
            self.shown(response, asked.as_deref(), trace)
        })
    }

    fn is_connect<B>(&self, request: &Request<B>, signs: Signs) -> bool {
        let may_say_so = signs.has(Signs::CONNECT) || request.method() == Method::GET;
        self.connect.claims(request, may_say_so, self.rest.router())
    }

    async fn answer_connect<B>(&self, request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        // A stream may take its time between messages.
        if ConnectEdge::is_stream(&request) {
            let answer = self.connect.answer(request.map(Displayed), origin);
            return answer.await;
        }
        let bounded = |body| ReadTimeout::new(body, self.read_timeout);
        self.connect.answer(request.map(bounded), origin).await
    }

    /// The response with what a page of another origin may see, and the call's trace.
    fn shown(
        &self,
        mut response: Response<Body>,
        asked: Option<&HeaderValue>,
        trace: Option<TraceContext>,
    ) -> Response<Body> {
        self.cors.expose(asked, response.headers_mut());
        traced(response, trace)
    }
}

/// A caller that does not trace needs the id only to tell of an error, which a stream may still meet; sent always, it would
/// be the larger part of a small response's headers.
fn traced(mut response: Response<Body>, trace: Option<TraceContext>) -> Response<Body> {
    let good = response.status().is_success() && response.body().size_hint().exact().is_some();
    if is_traced(trace) || !good {
        with_trace(&mut response, trace);
    }
    response
}

/// Whether the caller wants to hear of the trace.
fn is_traced(trace: Option<TraceContext>) -> bool {
    trace.is_some_and(|trace| trace.named())
}

fn with_trace(response: &mut Response<Body>, trace: Option<TraceContext>) {
    if let Some(trace) = trace {
        let headers = response.headers_mut();
        headers.insert(TraceContext::HEADER, trace.header_value());
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
fn page<B>(request: &Request<B>) -> Option<Box<HeaderValue>> {
    request.headers().get(header::ORIGIN).cloned().map(Box::new)
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
