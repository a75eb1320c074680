//! What the tests of this crate share.

use std::sync::{Arc, OnceLock};

use protoloop_core::CallContext;
use protoloop_schema::Schema;
use protoloop_wire::Tables;
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};

use crate::{Model, laws};

/// Files in memory.
struct Texts(&'static [(&'static str, &'static str)]);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self.0.iter().find(|file| file.0 == name) {
            Some((name, text)) => File::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

const FILES: &[(&str, &str)] = &[
    ("laws.proto", laws::PROTO),
    ("shop.proto", include_str!("testing/shop.proto")),
];

/// The tables of the laws and of `testing/shop.proto`.
pub(crate) fn tables() -> &'static Arc<Tables> {
    static TABLES: OnceLock<Arc<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Texts(FILES));
        resolver.add(IncludeFileResolver::new("../../proto".into()));
        resolver.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(resolver);
        compiler.include_imports(true).include_source_info(true);
        for (name, _) in FILES {
            if let Err(error) = compiler.open_file(name) {
                panic!("{error:?}");
            }
        }
        let set = compiler.encode_file_descriptor_set();
        let schema =
            Schema::from_descriptor_set(&set).unwrap_or_else(|problems| panic!("{problems}"));
        Tables::new(&Arc::new(schema))
    })
}

/// A model by its full name.
pub(crate) fn model(name: &str) -> Arc<Model> {
    let message = tables().schema().message_by_name(name).expect(name);
    Model::new(tables(), message.entity.expect(name)).expect(name)
}

#[allow(dead_code, reason = "used by the tests that follow")]
pub(crate) fn cx() -> CallContext {
    CallContext::new()
}
