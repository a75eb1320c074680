//! Compiles `.proto` text against the bundled files.

use protoloop_schema::{Diagnostics, Schema};
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

/// One file in memory.
struct Text {
    name: String,
    text: String,
}

impl FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.name {
            File::from_source(name, &self.text)
        } else {
            Err(protox::Error::file_not_found(name))
        }
    }
}

/// The encoded descriptor set of a file called `test.proto` and its imports.
pub(crate) fn compile(text: &str) -> Vec<u8> {
    compile_with("test.proto", text, true)
}

/// The same without the imports.
pub(crate) fn compile_alone(text: &str) -> Vec<u8> {
    compile_with("test.proto", text, false)
}

fn compile_with(name: &str, text: &str, imports: bool) -> Vec<u8> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Text {
        name: name.to_owned(),
        text: text.to_owned(),
    });
    resolver.add(IncludeFileResolver::new("../../proto".into()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(imports).include_source_info(true);
    if let Err(error) = compiler.open_file(name) {
        panic!("{error:?}");
    }
    compiler.encode_file_descriptor_set()
}

pub(crate) fn read(text: &str) -> Result<Schema, Diagnostics> {
    Schema::from_descriptor_set(&compile(text))
}

/// The schema of text that has no errors.
#[track_caller]
pub(crate) fn schema(text: &str) -> Schema {
    read(text).unwrap_or_else(|problems| panic!("{problems}"))
}
