//! Schemas from text.

use std::sync::Arc;

use protoloop_schema::{ReadOptions, Schema};
use protoloop_wire::Tables;

/// The tables of the text of a `.proto` file, which may import what Protoloop bundles.
///
/// # Panics
/// When the text is wrong.
#[must_use]
pub fn tables(text: &str) -> Arc<Tables> {
    read(text, &ReadOptions::default())
}

/// The same with what a server adds: the batch service.
///
/// # Panics
/// As there.
#[must_use]
pub fn served_tables(text: &str) -> Arc<Tables> {
    let options = ReadOptions {
        batch: true,
        ..ReadOptions::default()
    };
    read(text, &options)
}

fn read(text: &str, options: &ReadOptions) -> Arc<Tables> {
    let set = protoloop_testing_proto::compile(&[("test.proto", text)]);
    let schema = Schema::read(&set, options);
    let schema = schema.unwrap_or_else(|problems| panic!("{problems}"));
    Tables::new(&Arc::new(schema))
}
