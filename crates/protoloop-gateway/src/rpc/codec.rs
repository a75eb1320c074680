//! The two forms of a message.

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_schema::MessageId;
use protoloop_wire::{Limits, Tables, check, json};

use super::RpcOptions;

/// How a message stands in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// Protobuf bytes.
    Proto,
    /// ProtoJSON.
    Json,
}

impl Codec {
    /// The codec of a name as content types and queries have it.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            "proto" => Some(Self::Proto),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Proto => "proto",
            Self::Json => "json",
        }
    }

    /// A request message as checked protobuf bytes; without a type as it is.
    ///
    /// # Errors
    /// INVALID_ARGUMENT naming what is wrong and where.
    pub(super) fn decode(
        self,
        tables: &Tables,
        input: Option<MessageId>,
        message: Bytes,
        options: &RpcOptions,
    ) -> Result<Bytes> {
        match (self, input) {
            (Self::Proto, None) => Ok(message),
            (Self::Proto, Some(input)) => {
                let limits = Limits {
                    depth: options.decode.depth,
                    size: options.max_message_bytes,
                };
                check(tables, input, &message, &limits)?;
                Ok(message)
            }
            (Self::Json, _) if message.is_empty() => Err(Error::invalid_argument(
                "an empty body is no JSON; the empty message is {}",
            )),
            (Self::Json, Some(input)) => {
                Ok(json::decode(tables, input, &message, &options.decode)?.into())
            }
            (Self::Json, None) => Err(without_type()),
        }
    }

    /// A response message in this form.
    ///
    /// # Errors
    /// INTERNAL when a handler answered what has no JSON form.
    pub(super) fn encode(
        self,
        tables: &Tables,
        output: Option<MessageId>,
        message: Bytes,
        options: &RpcOptions,
    ) -> Result<Bytes> {
        if message.len() > options.max_response_bytes {
            return Err(Error::out_of_range(format!(
                "the response is larger than {} bytes",
                options.max_response_bytes
            )));
        }
        match (self, output) {
            (Self::Proto, _) => Ok(message),
            (Self::Json, None) => Err(without_type()),
            (Self::Json, Some(output)) => {
                let mut out = Vec::new();
                json::encode(tables, output, &message, &options.encode, &mut out)
                    .map_err(|error| Error::internal_error(error.to_string()))?;
                Ok(out.into())
            }
        }
    }
}

/// Said in place of a refusal by content type, which comes first.
fn without_type() -> Error {
    Error::unimplemented("the messages of this method have no JSON form: their types are not known")
}
