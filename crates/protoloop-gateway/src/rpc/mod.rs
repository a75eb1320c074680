//! The RPC protocols over HTTP: every method of a schema by its own path, with messages as protobuf or ProtoJSON.
//!
//! What they share: [`codec`], the forms of a message; [`envelope`], messages in a stream of bytes; [`requests`], the
//! messages of a request; [`compress`], their codings.

mod codec;
mod compress;
mod connect;
mod envelope;
mod grpc;
mod requests;

use std::{collections::HashMap, sync::Arc};

use protoloop_core::MethodInfo;
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, json};

pub use connect::ConnectGateway;
pub use grpc::{GrpcGateway, GrpcKind};

/// Limits and choices of a [`ConnectGateway`] and of a [`GrpcGateway`].
#[derive(Clone, Debug)]
pub struct RpcOptions {
    /// Largest request message in bytes, after decompression; more is RESOURCE_EXHAUSTED. Default 4 MiB.
    pub max_message_bytes: usize,
    /// Largest response message in bytes, before compression; more is OUT_OF_RANGE. Default 64 MiB.
    pub max_response_bytes: usize,
    /// Whether responses are compressed where the caller takes it. Requests may always be compressed. Off by default.
    pub compress: bool,
    /// How JSON messages are read.
    pub decode: json::DecodeOptions,
    /// How JSON messages are written.
    pub encode: json::EncodeOptions,
}

impl Default for RpcOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 << 20,
            max_response_bytes: 64 << 20,
            compress: false,
            decode: json::DecodeOptions {
                // Callers and servers may be of different versions of a schema, as in binary protobuf.
                ignore_unknown: true,
                ..json::DecodeOptions::default()
            },
            encode: json::EncodeOptions::default(),
        }
    }
}

/// What is known of a method beforehand.
#[derive(Debug)]
struct Entry {
    info: Arc<MethodInfo>,
    input: MessageId,
    output: MessageId,
    /// Whether it has no side effects.
    safe: bool,
}

/// The methods of a schema by their paths.
fn entries(tables: &Tables) -> HashMap<Arc<str>, Entry> {
    let entry = |method: &protoloop_schema::Method| Entry {
        info: Arc::clone(&method.info),
        input: method.input,
        output: method.output,
        safe: method.safe,
    };
    let methods = tables.schema().methods().iter();
    methods
        .map(|method| (Arc::clone(&method.info.path), entry(method)))
        .collect()
}
