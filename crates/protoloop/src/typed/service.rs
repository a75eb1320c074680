//! What is generated per service and per standard request.

use std::{fmt, sync::Arc};

use prost::Message;
use protoloop_core::Handler;

use super::Engine;

/// A service with its handlers, as [`Application::service`](crate::Application::service) takes it. Generated as
/// `…ServiceServer`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no service",
    note = "wrap the handlers in the generated server: `TodoServiceServer::new(handlers)`"
)]
pub trait Service: fmt::Debug + Send + Sync + 'static {
    /// Full name: `todo.v1.TodoService`.
    fn name(&self) -> &'static str;

    /// gRPC path and handler of every method; none for a standard method that is not overridden, which the engine answers
    /// without a message being decoded or encoded for it.
    fn handlers(&self, engine: &Engine) -> Vec<(&'static str, Option<Arc<dyn Handler>>)>;
}

/// A request that belongs to one standard method, so that [`Context::standard`](crate::Context::standard) knows which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the request of one standard method",
    note = "generated requests of standard methods are, such as `GetTodoRequest`"
)]
pub trait StandardRequest: Message {
    /// What the method answers.
    type Response: Message + Default;

    /// gRPC path of the method.
    const METHOD: &'static str;
}
