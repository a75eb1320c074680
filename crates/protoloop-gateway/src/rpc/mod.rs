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

use std::{collections::HashSet, ops::Deref, sync::Arc};

use protoloop_core::MethodInfo;
use protoloop_schema::MessageId;
use protoloop_wire::{Tables, json};

use crate::Lookup;
use codec::Codec;
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
    /// Request and response; `None` where the schema does not know the method.
    types: Option<Types>,
    /// Whether it has no side effects.
    safe: bool,
}

/// The messages of a method.
#[derive(Clone, Copy, Debug)]
struct Types {
    input: MessageId,
    output: MessageId,
}

impl Entry {
    fn input(&self) -> Option<MessageId> {
        self.types.map(|types| types.input)
    }

    fn output(&self) -> Option<MessageId> {
        self.types.map(|types| types.output)
    }

    /// Whether a message can be read and written so: JSON needs the schema.
    fn takes(&self, codec: Codec) -> bool {
        codec == Codec::Proto || self.types.is_some()
    }
}

/// The methods that are served.
#[derive(Debug)]
struct Methods {
    /// Those of the schema, by their paths.
    known: Lookup<Arc<str>, Entry>,
    /// Services of which no more is known than the name: whatever is called there may be a method.
    open: HashSet<String>,
}

/// A method that is served.
enum Found<'m> {
    Known(&'m Entry),
    Open(Entry),
}

impl Deref for Found<'_> {
    type Target = Entry;

    fn deref(&self) -> &Entry {
        match self {
            Self::Known(entry) => entry,
            Self::Open(entry) => entry,
        }
    }
}

impl Methods {
    fn new(tables: &Tables) -> Self {
        let entry = |method: &protoloop_schema::Method| Entry {
            info: Arc::clone(&method.info),
            types: Some(Types {
                input: method.input,
                output: method.output,
            }),
            safe: method.safe,
        };
        let methods = tables.schema().methods().iter();
        Self {
            known: methods
                .map(|method| (Arc::clone(&method.info.path), entry(method)))
                .collect(),
            open: HashSet::new(),
        }
    }

    fn knows(&self, path: &str) -> bool {
        self.known.contains_key(path)
    }

    /// The method at a path; of an open service one that is called as this request calls it, with any number of messages
    /// each way if it `streams`.
    fn find(&self, path: &str, streams: impl FnOnce() -> bool) -> Option<Found<'_>> {
        if let Some(entry) = self.known.get(path) {
            return Some(Found::Known(entry));
        }
        if self.open.is_empty() {
            return None;
        }
        let (service, name) = path.strip_prefix('/')?.split_once('/')?;
        if !self.open.contains(service) || name.is_empty() || name.contains('/') {
            return None;
        }
        let streams = streams();
        Some(Found::Open(Entry {
            info: Arc::new(MethodInfo {
                service: service.into(),
                name: name.into(),
                path: path.into(),
                // No table of the schema's methods has a place for it.
                index: usize::MAX,
                client_streaming: streams,
                server_streaming: streams,
            }),
            types: None,
            safe: false,
        }))
    }
}
