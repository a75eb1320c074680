//! ProtoJSON: JSON text to protobuf bytes and back.

pub(crate) mod text;
