//! Streams over REST.
//!
//! - [`StreamKind`]: JSON array, NDJSON or server-sent events, as the caller takes them.
//! - [`answer`]: the messages of a reply as frames of a body, each sent as it is made.
//! - [`Parts`], [`Requests`]: a body as the messages of a client stream.
//! - [`Plain`]: a body, decompressed.
//! - [`KeepAlive`]: signs of life in between.

mod answer;
mod elements;
mod inflate;
mod keep_alive;
mod kind;
mod plain;
mod requests;
mod source;

pub(crate) use answer::{Shape, answer};
pub use keep_alive::KeepAlive;
pub(crate) use kind::StreamKind;
pub(crate) use plain::Plain;
pub(crate) use requests::{Parts, Requests, decode, in_element};
pub(crate) use source::Source;
