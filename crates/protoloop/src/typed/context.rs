//! What a typed handler is given beside its request.

use std::{
    any::TypeId,
    fmt,
    future::Future,
    ops::Deref,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{self, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue};
use prost::{Message, Name};
use protoloop_core::{BoxFuture, Call, CallContext, Error, MethodInfo, Result};
use protoloop_repository::{Entity, Recode, Record, Repositories, Repository};

use super::{
    Engine, StandardRequest,
    codec::{decode_response, encode},
};

/// The call that a handler answers: deadline, metadata, identity (by [`Deref`] to [`CallContext`]), and the
/// application's standard methods and repositories.
pub struct Context {
    call: CallContext,
    method: Arc<MethodInfo>,
    engine: Engine,
    headers: Mutex<HeaderMap>,
}

impl Context {
    pub(super) fn new(call: CallContext, method: Arc<MethodInfo>, engine: Engine) -> Self {
        Self {
            call,
            method,
            engine,
            headers: Mutex::default(),
        }
    }

    /// The method that is called.
    #[must_use]
    pub fn method(&self) -> &MethodInfo {
        &self.method
    }

    /// The context of the call, for what takes one.
    #[must_use]
    pub fn call(&self) -> &CallContext {
        &self.call
    }

    /// Asks the standard engine for a standard method: the one that belongs to the request's type. An override calls
    /// it to do the rest; a custom method, to read and write with everything the engine keeps: masks, etags,
    /// server-filled fields.
    ///
    /// It is the same call still: no further authentication, validation or interceptor runs.
    ///
    /// # Errors
    /// What the standard method answers; INTERNAL when the application was built from another schema.
    pub async fn standard<R: StandardRequest>(&self, request: R) -> Result<R::Response> {
        ask(self, R::METHOD, request).await
    }

    /// The rows of a model, with ids, times and etags filled in on writing. What the standard methods do beside that
    /// (masks, OUTPUT_ONLY, IMMUTABLE, etag checks) is theirs alone: see [`Context::standard`].
    ///
    /// # Errors
    /// INTERNAL when the application's schema has no such model.
    pub fn repository<E: Entity + Name>(&self) -> Result<Arc<dyn Repository<E>>> {
        let records = self.engine.repository(&E::full_name())?;
        Ok(Arc::new(Recode::new(Arc::clone(records))))
    }

    /// The same call with another context of its own, as within a transaction: what is asked of it works there.
    ///
    /// ```text
    /// orders.transaction(cx, &options, |inside| async { cx.with(inside).standard(request).await })
    /// ```
    #[must_use]
    pub fn with(&self, call: CallContext) -> Self {
        Self::new(call, Arc::clone(&self.method), self.engine.clone())
    }

    /// Adds a response header; over gRPC it is initial metadata.
    pub fn append_header(&self, name: HeaderName, value: HeaderValue) {
        let mut headers = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        headers.append(name, value);
    }

    pub(super) fn take_headers(&self) -> HeaderMap {
        let mut headers = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *headers)
    }
}

impl Repositories for Context {
    fn records(&self, model: &str) -> Result<Arc<dyn Repository<Record>>> {
        self.engine.repository(model).cloned()
    }
}

impl Deref for Context {
    type Target = CallContext;

    fn deref(&self) -> &CallContext {
        &self.call
    }
}

/// For a stream that outlives the handler. Response headers stay with the original.
impl Clone for Context {
    fn clone(&self) -> Self {
        Self::new(
            self.call.clone(),
            Arc::clone(&self.method),
            self.engine.clone(),
        )
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("method", &self.method.path)
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// Asks the standard engine for the method of a gRPC path: the body of every standard method that is not overridden.
/// What [`Service::handlers`](super::Service::handlers) finds to have this body it leaves to the engine itself.
pub fn standard<'a, Q: Message + 'a, P: Message + Default + 'a>(
    cx: &'a Context,
    path: &'static str,
    request: Q,
) -> StandardAnswer<'a, P> {
    StandardAnswer(Box::pin(ask(cx, path, request)))
}

/// What [`standard`] answers. That a method's future is of this type tells that nobody overrode it.
pub struct StandardAnswer<'a, P>(BoxFuture<'a, Result<P>>);

impl<P> Future for StandardAnswer<'_, P> {
    type Output = Result<P>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Result<P>> {
        self.0.as_mut().poll(cx)
    }
}

impl<P> fmt::Debug for StandardAnswer<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandardAnswer")
    }
}

/// Whether a method of handlers `T` has [`standard`] for its body. The method is not called.
pub fn is_standard<T, Q, P, A, M>(_method: M) -> bool
where
    T: 'static,
    P: 'static,
    A: Future<Output = Result<P>> + 'static,
    M: FnOnce(&'static T, &'static Context, Q) -> A,
{
    TypeId::of::<A>() == TypeId::of::<StandardAnswer<'static, P>>()
}

async fn ask<Q: Message, P: Message + Default>(
    cx: &Context,
    path: &'static str,
    request: Q,
) -> Result<P> {
    let method = match &*cx.method.path == path {
        true => &cx.method,
        false => cx.engine.method(path)?,
    };
    let handler = cx.engine.standard(method.index).ok_or_else(|| {
        Error::internal_error(format!(
            "{path} is not a standard method of the application's schema"
        ))
    })?;
    let call = Call::unary(Arc::clone(method), cx.call.clone(), encode(&request));
    let reply = handler.call(call).await?;
    if !reply.metadata.is_empty() {
        let mut headers = cx.headers.lock().unwrap_or_else(PoisonError::into_inner);
        headers.extend(HeaderMap::from(reply.metadata.clone()));
    }
    decode_response(reply.into_one()?)
}
