//! Protobuf bytes, read and written by compiled tables instead of message objects.
//!
//! - [`Tables`]: what a schema says about its messages, laid out for look-up by number and by name.
//! - [`View`]: reads the fields of an encoded message in place. [`Value`] is one field's value.
//! - [`Writer`]: writes an encoded message front to back, nested messages included.
//! - [`check`](fn@check) and [`canonicalize`]: whether bytes are a well-formed message, and the same message in the one
//!   order that the rest of the toolkit reads fastest.
//! - [`json`]: ProtoJSON, straight from text to wire bytes and back.
//! - [`mask`]: field masks: merge for Update, project for reads. [`Patch`] sets and removes single fields.
//! - [`marked`]: fields with a mark in the schema, at any depth: finds them, and takes them out.
//! - [`status`]: `google.rpc.Status` on the wire and the AIP-193 JSON envelope.
//! - [`time`]: the bounds of protobuf's times, and the calendar.
//!
//! No function here panics on any input, and none recurses deeper than [`Limits::depth`].

mod canonical;
mod check;
mod error;
pub mod json;
pub mod map_key;
pub mod marked;
pub mod mask;
mod patch;
mod scalar;
pub mod status;
mod tables;
#[cfg(test)]
mod testing;
pub mod time;
mod value;
mod varint;
mod view;
mod wire;
mod writer;

pub use canonical::{canonicalize, canonicalize_bytes};
pub use check::{Limits, check};
pub use error::{WireError, WireErrorKind};
pub use patch::Patch;
pub use tables::{EnumTable, FieldTable, MessageTable, Tables, WireType};
pub use value::Value;
pub use view::{MapIter, RepeatedIter, View};
pub use writer::{Open, Writer};
