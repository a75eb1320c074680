//! What the tests of this crate share.

use std::sync::{Arc, OnceLock};

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use protoloop_schema::{MessageId, Schema};

use crate::Tables;

/// `testdata/*.proto`, compiled for this crate and for the oracle.
pub(crate) struct Fixture {
    pub(crate) tables: Arc<Tables>,
    pub(crate) pool: DescriptorPool,
}

pub(crate) fn fixture() -> &'static Fixture {
    static FIXTURE: OnceLock<Fixture> = OnceLock::new();
    FIXTURE.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata");
        let mut compiler = protox::Compiler::new([folder]).unwrap();
        compiler.include_imports(true);
        compiler
            .open_files(["kitchen.proto", "legacy.proto"])
            .unwrap();
        let set = compiler.encode_file_descriptor_set();
        let schema = Schema::from_descriptor_set(&set).unwrap();
        Fixture {
            tables: Tables::new(&Arc::new(schema)),
            pool: DescriptorPool::decode(&set[..]).unwrap(),
        }
    })
}

impl Fixture {
    pub(crate) fn id(&self, name: &str) -> MessageId {
        self.tables.by_name(name).unwrap()
    }

    pub(crate) fn descriptor(&self, name: &str) -> MessageDescriptor {
        self.pool.get_message_by_name(name).unwrap()
    }

    /// The oracle's encoding of a message given as ProtoJSON.
    pub(crate) fn encode(&self, name: &str, json: &str) -> Vec<u8> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        DynamicMessage::deserialize(self.descriptor(name), &mut deserializer)
            .unwrap()
            .encode_to_vec()
    }

    /// The oracle's reading of an encoded message, as ProtoJSON; fails where the oracle refuses the bytes.
    pub(crate) fn decode(&self, name: &str, bytes: &[u8]) -> Result<serde_json::Value, String> {
        let message = DynamicMessage::decode(self.descriptor(name), bytes)
            .map_err(|error| error.to_string())?;
        serde_json::to_value(&message).map_err(|error| error.to_string())
    }
}

pub(crate) const KITCHEN: &str = "kitchen.v1.Kitchen";
pub(crate) const LEGACY: &str = "legacy.v1.Legacy";
