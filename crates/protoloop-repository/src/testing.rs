//! What the tests of this crate share.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
};

use futures_util::FutureExt as _;
use protoloop_core::{Call, CallContext, Handler, Result};
use protoloop_schema::{ReadOptions, Schema};
use protoloop_wire::{Tables, json};

use crate::{
    Connector, MemoryConnector, Model, Record, Repository, RequestIds, StandardEngine, laws,
};

const FILES: &[(&str, &str)] = &[
    ("laws.proto", laws::PROTO),
    ("shop.proto", include_str!("testing/shop.proto")),
    ("library.proto", include_str!("testing/library.proto")),
];

/// The tables of the laws and of `testing/shop.proto`.
pub(crate) fn tables() -> &'static Arc<Tables> {
    static TABLES: OnceLock<Arc<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| compile(FILES))
}

/// The tables of files in memory.
pub(crate) fn compile(files: &'static [(&'static str, &'static str)]) -> Arc<Tables> {
    let options = ReadOptions {
        batch: true,
        ..ReadOptions::default()
    };
    let set = protoloop_testing_proto::compile(files);
    let schema = Schema::read(&set, &options).unwrap_or_else(|problems| panic!("{problems}"));
    Tables::new(&Arc::new(schema))
}

/// A model by its full name.
pub(crate) fn model(name: &str) -> Arc<Model> {
    let message = tables().schema().message_by_name(name).expect(name);
    Model::new(tables(), message.entity.expect(name)).expect(name)
}

/// A shop in memory: the standard methods of `testing/shop.proto`.
pub(crate) struct Shop {
    handlers: Vec<Option<Arc<dyn Handler>>>,
    /// Past the engine.
    pub(crate) books: Arc<dyn Repository<Record>>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        Self::with(&MemoryConnector::new(), |repository| repository)
    }

    /// A shop over a connector that answers at once, with something around its repositories.
    pub(crate) fn with(
        connector: &dyn Connector,
        around: impl Fn(Arc<dyn Repository<Record>>) -> Arc<dyn Repository<Record>>,
    ) -> Self {
        Self::of(StandardEngine::new(tables()), connector, around)
    }

    /// A shop that stores the answers to its calls beside the rows.
    pub(crate) fn remembering(connector: &Arc<MemoryConnector>) -> Self {
        let stored = RequestIds::new(Arc::clone(connector) as Arc<dyn Connector>);
        let engine = StandardEngine::new(tables()).request_ids("default", stored);
        Self::of(engine, connector, |repository| repository)
    }

    fn of(
        mut engine: StandardEngine,
        connector: &dyn Connector,
        around: impl Fn(Arc<dyn Repository<Record>>) -> Arc<dyn Repository<Record>>,
    ) -> Self {
        let models = Model::all(tables()).expect("models");
        now(connector.prepare(&models)).expect("prepared");
        for model in &models {
            engine = engine.repository(around(connector.repository(model).expect("prepared")));
        }
        Self {
            books: connector
                .repository(&model("shop.v1.Book"))
                .expect("prepared"),
            handlers: engine.handlers().expect("all served"),
        }
    }

    /// Calls a method such as `BookService/GetBook` with ProtoJSON; answers ProtoJSON in proto names, without blanks.
    pub(crate) fn call(&self, method: &str, request: &str) -> Result<String> {
        self.call_with(CallContext::new(), method, request)
    }

    /// The same within a context.
    pub(crate) fn call_with(
        &self,
        context: CallContext,
        method: &str,
        request: &str,
    ) -> Result<String> {
        let path = match method.contains(".v1.") {
            true => format!("/{method}"),
            false => format!("/shop.v1.{method}"),
        };
        call(tables(), &self.handlers, context, &path, request)
    }

    /// The answer of a call that must go well.
    #[track_caller]
    pub(crate) fn ok(&self, method: &str, request: &str) -> String {
        self.call(method, request)
            .unwrap_or_else(|error| panic!("{method} {request}: {error:?}"))
    }

    /// `CODE: message` of a call that must fail.
    #[track_caller]
    pub(crate) fn err(&self, method: &str, request: &str) -> String {
        match self.call(method, request) {
            Ok(answer) => panic!("{method} {request} answered {answer}"),
            Err(error) => error.to_string(),
        }
    }
}

/// Calls the method of a gRPC path with ProtoJSON; answers ProtoJSON in proto names, without blanks.
pub(crate) fn call(
    tables: &Tables,
    handlers: &[Option<Arc<dyn Handler>>],
    context: CallContext,
    path: &str,
    request: &str,
) -> Result<String> {
    let method = tables.schema().method_by_path(path).expect(path);
    let options = json::DecodeOptions::default();
    let bytes = json::decode(tables, method.input, request.as_bytes(), &options)
        .unwrap_or_else(|error| panic!("{request}: {error}"));
    let call = Call::unary(Arc::clone(&method.info), context, bytes.into());
    let handler = handlers[method.info.index].as_ref().expect(path);
    let reply = now(handler.call(call))?.into_one()?;
    let mut out = Vec::new();
    let options = json::EncodeOptions {
        proto_names: true,
        ..json::EncodeOptions::default()
    };
    json::encode(tables, method.output, &reply, &options, &mut out)
        .unwrap_or_else(|error| panic!("{reply:?}: {error}"));
    Ok(String::from_utf8(out).expect("JSON is UTF-8"))
}

/// What a future answers that waits for nothing.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing to wait for")
}

/// The string member of a flat JSON object.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> &'a str {
    let key = format!("\"{name}\":\"");
    let start = json
        .find(&key)
        .unwrap_or_else(|| panic!("no {name} in {json}"))
        + key.len();
    let end = json[start..]
        .find("\",")
        .or_else(|| json[start..].find("\"}"));
    &json[start..start + end.expect("a closed string")]
}
