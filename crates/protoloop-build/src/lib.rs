//! From `.proto` files to a schema, and from a schema to Rust.
//!
//! - [`compile`] reads files, folders and descriptor sets, without protoc and without parsing what is bundled, and
//!   reports every problem of a run at once.

mod compile;

pub use compile::{Compiled, compile};
