//! From `.proto` files to a schema, and from a schema to Rust.
//!
//! - [`compile`] reads files, folders and descriptor sets, without protoc and without parsing what is bundled, and
//!   reports every problem of a run at once.
//! - [`generate()`] turns a [`Schema`](protoloop_schema::Schema) into files of Rust text.
//! - [`Builder`] does both in a `build.rs`.

mod builder;
mod compile;
mod generate;

pub use builder::{BuildError, Builder};
pub use compile::{Compiled, compile, is_nothing};
pub use generate::{GenerateError, GeneratedFile, Options, generate};
