//! What a phase is made of: our own layers, and tower's.

use std::{
    any::type_name,
    fmt,
    future::Future,
    sync::Arc,
    task::{Context, Poll},
};

use protoloop_core::{BoxFuture, Call, Error, Handler, Reply, Result};
use tower::{BoxError, Layer, Service, ServiceExt as _};

/// Something that stands in front of a handler and sees every call on its way in and every reply on its way out.
pub trait CallLayer: Send + Sync + 'static {
    /// Wraps the rest of the sequence.
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler>;

    /// The name shown when the sequence is listed.
    fn name(&self) -> &str {
        type_name::<Self>()
    }
}

/// A layer made of a function.
pub fn layer_fn<F>(wrap: F) -> impl CallLayer
where
    F: Fn(Arc<dyn Handler>) -> Arc<dyn Handler> + Send + Sync + 'static,
{
    LayerFn(wrap)
}

struct LayerFn<F>(F);

impl<F> CallLayer for LayerFn<F>
where
    F: Fn(Arc<dyn Handler>) -> Arc<dyn Handler> + Send + Sync + 'static,
{
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        (self.0)(inner)
    }
}

/// Any tower layer over `Service<Call, Response = Reply>` as a [`CallLayer`].
///
/// An error that is no [`Error`] becomes one: tower's `Elapsed` DEADLINE_EXCEEDED, its `Overloaded` UNAVAILABLE, every
/// other INTERNAL with the text kept for the log.
#[derive(Clone, Copy, Debug)]
pub struct TowerLayer<L>(pub L);

impl<L> CallLayer for TowerLayer<L>
where
    L: Layer<HandlerService> + Send + Sync + 'static,
    L::Service: Service<Call, Response = Reply> + Clone + Send + Sync + 'static,
    <L::Service as Service<Call>>::Error: Into<BoxError>,
    <L::Service as Service<Call>>::Future: Send,
{
    fn layer(&self, inner: Arc<dyn Handler>) -> Arc<dyn Handler> {
        Arc::new(ServiceHandler(self.0.layer(HandlerService(inner))))
    }

    fn name(&self) -> &str {
        type_name::<L>()
    }
}

/// A handler as a tower service; it is always ready.
#[derive(Clone)]
pub struct HandlerService(Arc<dyn Handler>);

impl HandlerService {
    /// The service of a handler.
    #[must_use]
    pub fn new(handler: Arc<dyn Handler>) -> Self {
        Self(handler)
    }
}

impl fmt::Debug for HandlerService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HandlerService")
    }
}

impl Service<Call> for HandlerService {
    type Response = Reply;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Reply>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let handler = Arc::clone(&self.0);
        Box::pin(async move { handler.call(call).await })
    }
}

struct ServiceHandler<S>(S);

impl<S, E, F> Handler for ServiceHandler<S>
where
    S: Service<Call, Response = Reply, Error = E, Future = F> + Clone + Send + Sync + 'static,
    E: Into<BoxError>,
    F: Future<Output = Result<Reply, E>> + Send,
{
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        // A clone per call, because readiness belongs to one `&mut` service and calls run side by side.
        let service = self.0.clone();
        Box::pin(async move { service.oneshot(call).await.map_err(|e| domain(e.into())) })
    }
}

fn domain(error: BoxError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) if error.is::<tower::timeout::error::Elapsed>() => {
            Error::deadline_exceeded("the call took too long").with_source(error)
        }
        Err(error) if error.is::<tower::load_shed::error::Overloaded>() => {
            Error::unavailable("the server is overloaded").with_source(error)
        }
        Err(error) => Error::internal_error("a layer of the sequence failed").with_source(error),
    }
}
