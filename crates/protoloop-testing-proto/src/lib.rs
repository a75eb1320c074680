//! The text of `.proto` files, compiled for tests.
//!
//! It stands below the schema, so that the tests of every crate can use it.

use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

/// The encoded descriptor set of files, by name and text, with all that they import: each other, and what Protoloop bundles.
///
/// # Panics
/// When a text is wrong.
#[must_use]
#[track_caller]
pub fn compile(files: &[(&str, &str)]) -> Vec<u8> {
    set(files, true)
}

/// The same without the imports.
///
/// # Panics
/// As there.
#[must_use]
#[track_caller]
pub fn compile_alone(files: &[(&str, &str)]) -> Vec<u8> {
    set(files, false)
}

#[track_caller]
fn set(files: &[(&str, &str)], imports: bool) -> Vec<u8> {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto");
    let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
    let mut resolver = ChainFileResolver::new();
    resolver.add(Texts(files.iter().map(owned).collect()));
    resolver.add(IncludeFileResolver::new(bundled.into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(imports).include_source_info(true);
    for (name, text) in files {
        if let Err(error) = compiler.open_file(name) {
            panic!("{text}\n{error:?}");
        }
    }
    compiler.encode_file_descriptor_set()
}

/// Files in memory, by name.
struct Texts(Vec<(String, String)>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|file| file.0 == name) {
            Some((name, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}
