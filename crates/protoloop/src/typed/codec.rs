//! Between messages and bytes.

use bytes::Bytes;
use prost::Message;
use protoloop_core::{Error, Result};

/// A message as bytes.
pub fn encode<M: Message>(message: &M) -> Bytes {
    message.encode_to_vec().into()
}

/// A request that a caller sent.
///
/// # Errors
/// INVALID_ARGUMENT when the bytes are not the message.
pub(crate) fn decode_request<M: Message + Default>(bytes: Bytes) -> Result<M> {
    M::decode(bytes).map_err(|error| {
        Error::invalid_argument("the request is not a valid message of its type").with_source(error)
    })
}

/// What the standard engine answered.
///
/// # Errors
/// INTERNAL when the bytes are not the message.
pub(crate) fn decode_response<M: Message + Default>(bytes: Bytes) -> Result<M> {
    M::decode(bytes).map_err(|error| {
        Error::internal_error("the standard engine's answer is not of the method's type")
            .with_source(error)
    })
}

/// A row that a repository gave.
///
/// # Errors
/// INTERNAL when the bytes are not the message.
pub fn decode_row<M: Message + Default>(bytes: Bytes) -> Result<M> {
    M::decode(bytes).map_err(|error| {
        Error::internal_error("a stored row is not of its model's type").with_source(error)
    })
}
