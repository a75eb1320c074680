//! From a method to the handler that answers it.

use std::{fmt, sync::Arc};

use protoloop_core::{BoxFuture, Call, Error, Handler, Reply, Result};
use protoloop_schema::{Method, Schema};

/// The handlers of a schema's methods. The last phase's handler: one array access per call.
///
/// A method without a handler answers UNIMPLEMENTED and says what is missing.
#[derive(Clone)]
pub struct Dispatcher {
    schema: Arc<Schema>,
    handlers: Vec<Option<Arc<dyn Handler>>>,
    /// Which standard methods are not the standard engine's.
    overridden: Vec<bool>,
}

impl Dispatcher {
    /// A dispatcher in which no method has a handler yet.
    #[must_use]
    pub fn new(schema: Arc<Schema>) -> Self {
        let count = schema.methods().len();
        Self {
            schema,
            handlers: vec![None; count],
            overridden: vec![false; count],
        }
    }

    /// Gives one method its handler, by its gRPC path such as `/todo.v1.TodoService/CompleteTodo`; an earlier one is
    /// replaced.
    ///
    /// # Errors
    /// NOT_FOUND when the schema has no such method.
    pub fn method(mut self, path: &str, handler: Arc<dyn Handler>) -> Result<Self> {
        let method = self.schema.method_by_path(path).ok_or_else(|| {
            Error::not_found(format!(
                "the schema has no method {path}; cannot give it a handler"
            ))
        })?;
        let index = method.info.index;
        self.handlers[index] = Some(handler);
        Ok(self)
    }

    /// Gives every method that `choose` knows its handler; where it answers `None` the present one stays.
    #[must_use]
    pub fn methods(mut self, mut choose: impl FnMut(&Method) -> Option<Arc<dyn Handler>>) -> Self {
        for method in self.schema.methods() {
            if let Some(handler) = choose(method) {
                self.handlers[method.info.index] = Some(handler);
            }
        }
        self
    }

    /// Says which standard methods an application answers itself. The engine is not asked there, so the server holds their
    /// requests to the behaviours of their fields, as it does with custom methods.
    #[must_use]
    pub fn overridden(mut self, is_overridden: impl Fn(&Method) -> bool) -> Self {
        for method in self.schema.methods() {
            self.overridden[method.info.index] = is_overridden(method);
        }
        self
    }

    /// Whether an application answers this standard method itself.
    pub(crate) fn is_overridden(&self, method: &Method) -> bool {
        let known = self.overridden.get(method.info.index);
        known.copied().unwrap_or_default()
    }

    /// The methods that nobody answers.
    pub fn missing(&self) -> impl Iterator<Item = &Method> {
        let methods = self.schema.methods().iter();
        methods.filter(|method| self.handlers[method.info.index].is_none())
    }
}

impl Handler for Dispatcher {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        match self.handlers.get(call.method.index) {
            Some(Some(handler)) => handler.call(call),
            _ => Box::pin(std::future::ready(Err(unimplemented(&call)))),
        }
    }
}

fn unimplemented(call: &Call) -> Error {
    let method = &call.method;
    Error::unimplemented(format!(
        "{} has no handler: it is not a standard method, and no handler of {} implements {}",
        method.path, method.service, method.name
    ))
}

impl fmt::Debug for Dispatcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("methods", &self.handlers.len())
            .field("missing", &self.missing().count())
            .finish()
    }
}
