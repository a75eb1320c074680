//! ProtoJSON: JSON text to protobuf bytes and back, with no message object in between.
//!
//! Both directions follow the ProtoJSON mapping of proto2, proto3 and editions, and of all well-known types. A group, or a
//! message that is written as one, is an object as any other message.

pub(crate) mod base64;
mod decimal;
mod decode;
mod encode;
mod error;
pub(crate) mod lexer;
mod mask;
pub(crate) mod number;
mod numbers;
mod present;
mod scan;
#[cfg(test)]
mod tests;
pub(crate) mod text;
pub(crate) mod time;
mod tokens;

pub use base64::{from_base64, to_base64};
pub use decode::{DecodeOptions, decode, decode_field};
pub(crate) use encode::encode_any;
pub use encode::{EncodeOptions, encode, encode_field};
pub use error::JsonError;
pub use present::present;
pub use tokens::{TokenKind, Tokens};

/// How deep messages may nest on the wire; see [`Limits::depth`](crate::Limits::depth).
const DEFAULT_DEPTH: usize = 100;
