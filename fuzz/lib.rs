//! What the fuzz targets share: the test messages of `protoloop-wire`.

use std::sync::{Arc, OnceLock};

use protoloop_schema::{MessageId, Schema};
use protoloop_wire::Tables;

/// Tables of the test protos, and the two messages that the targets read.
pub fn fixture() -> &'static (Arc<Tables>, [MessageId; 2]) {
    static FIXTURE: OnceLock<(Arc<Tables>, [MessageId; 2])> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/protoloop-wire/testdata");
        let mut compiler = protox::Compiler::new([folder]).expect("the folder is there");
        compiler
            .include_imports(true)
            .open_files(["kitchen.proto", "legacy.proto"])
            .expect("the test protos compile");
        let schema = Schema::from_descriptor_set(&compiler.encode_file_descriptor_set())
            .expect("the test protos are a schema");
        let tables = Tables::new(&Arc::new(schema));
        let ids = ["kitchen.v1.Kitchen", "legacy.v1.Legacy"]
            .map(|name| tables.by_name(name).expect("the message is declared"));
        (tables, ids)
    })
}
