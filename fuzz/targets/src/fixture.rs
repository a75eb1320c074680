//! The schemas and gateways that the targets use, made once.

use std::sync::{Arc, OnceLock};

use protoloop_gateway::{ConnectGateway, GrpcGateway, RestGateway, RestOptions, RpcOptions};
use protoloop_repository::Model;
use protoloop_schema::{MessageId, Schema};
use protoloop_wire::Tables;

/// Where the `.proto` files are, from this package's folder.
const FOLDERS: [&str; 3] = [
    "proto",
    "../../crates/protoloop-wire/testdata",
    "../../proto",
];

/// A bound on bodies and messages that a fuzzer's inputs can reach.
pub(crate) const LIMIT: usize = 64 << 10;

/// What the targets use.
pub(crate) struct Fixture {
    pub(crate) tables: Arc<Tables>,
    /// `kitchen.v1.Kitchen` and `legacy.v1.Legacy`.
    pub(crate) messages: [MessageId; 2],
    /// `fuzz.v1.Item`.
    pub(crate) model: Arc<Model>,
    /// All models, of which some are related.
    pub(crate) models: Vec<Arc<Model>>,
    pub(crate) rest: RestGateway,
    pub(crate) connect: ConnectGateway,
    pub(crate) grpc: GrpcGateway,
}

/// The one fixture.
pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let tables = Tables::new(&Arc::new(schema()));
        let named = |name: &str| tables.by_name(name).expect("the message is declared");
        let models = Model::all(&tables).expect("the models are right");
        let rest = RestOptions {
            max_body_bytes: LIMIT,
            ..RestOptions::default()
        };
        let rpc = RpcOptions {
            max_message_bytes: LIMIT,
            ..RpcOptions::default()
        };
        Fixture {
            messages: [named("kitchen.v1.Kitchen"), named("legacy.v1.Legacy")],
            model: Arc::clone(models.first().expect("there is a model")),
            models,
            rest: RestGateway::new(Arc::clone(&tables), rest).expect("the bindings are right"),
            connect: ConnectGateway::new(Arc::clone(&tables), rpc.clone()),
            grpc: GrpcGateway::new(Arc::clone(&tables), rpc),
            tables,
        }
    })
}

fn schema() -> Schema {
    let folders = FOLDERS.map(|folder| format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")));
    let mut compiler = protox::Compiler::new(folders).expect("the folders are there");
    compiler
        .include_imports(true)
        .open_files(["fuzz.proto", "kitchen.proto", "legacy.proto"])
        .expect("the protos compile");
    Schema::from_descriptor_set(&compiler.encode_file_descriptor_set())
        .expect("the protos are a schema")
}
