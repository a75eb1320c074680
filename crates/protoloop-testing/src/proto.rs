//! Schemas from text.

use std::sync::Arc;

use protoloop_schema::{ReadOptions, Schema};
use protoloop_wire::Tables;
use protox::file::{
    ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver,
};

struct Text(String);

impl FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            "test.proto" => File::from_source(name, &self.0),
            _ => Err(protox::Error::file_not_found(name)),
        }
    }
}

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
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let mut resolver = ChainFileResolver::new();
    resolver.add(Text(text.to_owned()));
    resolver.add(IncludeFileResolver::new(own.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    compiler.open_file("test.proto").expect("the text compiles");
    let schema = Schema::read(&compiler.encode_file_descriptor_set(), options);
    let schema = schema.unwrap_or_else(|problems| panic!("{problems}"));
    Tables::new(&Arc::new(schema))
}
