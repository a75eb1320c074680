//! How a row is held.

use bytes::Bytes;
use protoloop_core::Result;

/// A row of a model, in a form that can be turned into protobuf bytes and back: [`Record`], or a generated message.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no entity",
    note = "generated messages of models implement `Entity`; for one of your own, implement `encode` and `decode`"
)]
pub trait Entity: Clone + Send + Sync + 'static {
    /// The row as protobuf bytes.
    fn encode(&self) -> Bytes;

    /// The row of these bytes.
    ///
    /// # Errors
    /// INTERNAL or INVALID_ARGUMENT when they are not the message.
    fn decode(bytes: Bytes) -> Result<Self>;
}

/// A row as protobuf bytes of the model's message; cloning it copies no bytes.
///
/// A repository takes and gives records in canonical form: fields in ascending order of their numbers, each singular
/// field at most once, fields without presence left out when they hold their default.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record(pub Bytes);

impl Entity for Record {
    fn encode(&self) -> Bytes {
        self.0.clone()
    }

    fn decode(bytes: Bytes) -> Result<Self> {
        Ok(Self(bytes))
    }
}

impl From<Bytes> for Record {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl AsRef<[u8]> for Record {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
