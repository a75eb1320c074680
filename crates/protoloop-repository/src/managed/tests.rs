//! What the engine and code by hand keep to alike, on memory.

mod bulk;
mod fills;
mod hooks;
mod keys;
mod soft;
mod tenants;

use std::sync::{Arc, OnceLock};

use protoloop_core::{CallContext, Caller, Handler, Result};
use protoloop_wire::Tables;

use super::Managed;
use crate::{
    Connector as _, MemoryConnector, Model, StandardEngine,
    testing::{call, compile, now},
};

fn tables() -> &'static Arc<Tables> {
    static TABLES: OnceLock<Arc<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| compile(&[("life.proto", include_str!("../testing/life.proto"))]))
}

/// The models of `testing/life.proto` in memory, with their standard methods.
struct Life {
    handlers: Vec<Option<Arc<dyn Handler>>>,
    connector: MemoryConnector,
}

/// One who calls it.
struct As<'a>(&'a Life, CallContext);

impl Life {
    fn new() -> Self {
        let connector = MemoryConnector::new();
        let models = Model::all(tables()).expect("models");
        now(connector.prepare(&models)).expect("prepared");
        let mut engine = StandardEngine::new(tables());
        for model in &models {
            engine = engine.repository(connector.repository(model).expect("prepared"));
        }
        Self {
            handlers: engine.handlers().expect("all served"),
            connector,
        }
    }

    /// The repository that code works with.
    fn managed(&self, name: &str) -> Managed {
        let name = format!("life.v1.{name}");
        let message = tables().schema().message_by_name(&name).expect("a model");
        let model = Model::new(tables(), message.entity.expect("a model")).expect("a model");
        Managed::new(self.connector.repository(&model).expect("prepared"))
    }

    fn nobody(&self) -> As<'_> {
        As(self, CallContext::new())
    }

    fn caller(&self, caller: Caller) -> As<'_> {
        As(self, CallContext::new().with_caller(caller))
    }

    fn of(&self, tenant: &str) -> As<'_> {
        self.caller(Caller::new("ada").in_tenant(tenant))
    }
}

impl As<'_> {
    fn call(&self, method: &str, request: &str) -> Result<String> {
        let path = format!("/life.v1.{method}");
        call(tables(), &self.0.handlers, self.1.clone(), &path, request)
    }

    #[track_caller]
    fn ok(&self, method: &str, request: &str) -> String {
        self.call(method, request)
            .unwrap_or_else(|error| panic!("{method} {request}: {error:?}"))
    }

    /// `CODE: message` of a call that must fail.
    #[track_caller]
    fn err(&self, method: &str, request: &str) -> String {
        match self.call(method, request) {
            Ok(answer) => panic!("{method} {request} answered {answer}"),
            Err(error) => error.to_string(),
        }
    }
}
