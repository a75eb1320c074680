//! What generated code and typed handlers stand on.

mod codec;
mod context;
mod engine;
mod handler;
mod hooks;
mod relation;
mod service;
mod streaming;

pub use codec::{decode_row, encode};
pub use context::{Context, StandardAnswer, is_standard, standard};
pub use engine::Engine;
pub use handler::{
    BidirectionalMethod, ClientStreamingMethod, ServerStreamingMethod, UnaryMethod, bidirectional,
    client_streaming, server_streaming, unary,
};
pub use hooks::HookRepositories;
pub use relation::{belongs_to, has_many, has_many_through, has_one, include, references_many};
pub use service::{Service, StandardRequest};
pub use streaming::{ResponseStream, Streaming};
