//! A collector that takes everything and keeps nothing.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use tokio::net::TcpListener;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::NamedService,
    transport::{Server, server::TcpIncoming},
};

/// How much it was told.
#[derive(Clone, Default)]
pub(crate) struct Collected(Arc<AtomicU64>);

impl Collected {
    pub(crate) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

pub(crate) async fn start(address: SocketAddr) -> Collected {
    let listener = TcpListener::bind(address).await.expect("a free port");
    let collected = Collected::default();
    let server = Server::builder()
        .add_service(Sink::<true>(collected.clone()))
        .add_service(Sink::<false>(collected.clone()));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    collected
}

/// For traces, or for metrics.
#[derive(Clone)]
struct Sink<const TRACES: bool>(Collected);

impl NamedService for Sink<true> {
    const NAME: &'static str = "opentelemetry.proto.collector.trace.v1.TraceService";
}

impl NamedService for Sink<false> {
    const NAME: &'static str = "opentelemetry.proto.collector.metrics.v1.MetricsService";
}

impl<const TRACES: bool> Service<http::Request<Body>> for Sink<TRACES> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let collected = self.0.clone();
        Box::pin(async move {
            let body = request.into_body().collect().await;
            let told = body.map_or(0, |body| body.to_bytes().len());
            collected.0.fetch_add(told as u64, Ordering::Relaxed);
            Ok(empty())
        })
    }
}

/// A message without fields.
fn empty() -> http::Response<Body> {
    let mut trailers = http::HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    let message = Full::new(Bytes::from_static(&[0; 5]));
    let body = message.with_trailers(async move { Some(Ok::<_, Infallible>(trailers)) });
    let mut response = http::Response::new(Body::new(body));
    let kind = http::HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response
}
