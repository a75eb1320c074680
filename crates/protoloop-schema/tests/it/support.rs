//! Compiles `.proto` text against the bundled files.

use protoloop_schema::{Diagnostics, Schema};

/// The encoded descriptor set of a file called `test.proto` and its imports.
pub(crate) fn compile(text: &str) -> Vec<u8> {
    protoloop_testing_proto::compile(&[("test.proto", text)])
}

/// The same without the imports.
pub(crate) fn compile_alone(text: &str) -> Vec<u8> {
    protoloop_testing_proto::compile_alone(&[("test.proto", text)])
}

pub(crate) fn read(text: &str) -> Result<Schema, Diagnostics> {
    Schema::from_descriptor_set(&compile(text))
}

/// The schema of text that has no errors.
#[track_caller]
pub(crate) fn schema(text: &str) -> Schema {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}
