//! What generated code names. No API: it changes with the generator.

pub use bytes::Bytes;
pub use prost;
pub use prost_types;
pub use protoloop_core::{Error, Handler};
pub use protoloop_repository::{
    BelongsTo, Entity, HasMany, HasManyThrough, HasOne, ReferencesMany, Repositories,
};
pub use tonic;
pub use tonic_prost;

pub use crate::typed::{
    BidirectionalMethod, ClientStreamingMethod, Context, Engine, ResponseStream,
    ServerStreamingMethod, Service, StandardAnswer, StandardRequest, Streaming, UnaryMethod,
    belongs_to, bidirectional, client_streaming, decode_row, encode, has_many, has_many_through,
    has_one, is_standard, references_many, server_streaming, standard, unary,
};

/// Keeps what it is given when the feature `client` is on.
#[cfg(feature = "client")]
#[doc(hidden)]
#[macro_export]
macro_rules! __client_transport {
    ($($items:item)*) => { $($items)* };
}

/// Drops what it is given when the feature `client` is off.
#[cfg(not(feature = "client"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __client_transport {
    ($($items:item)*) => {};
}
