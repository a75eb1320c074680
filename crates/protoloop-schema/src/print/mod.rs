//! Writes files of a schema as `.proto` text.

mod body;
mod extensions;
mod field;
mod options;
mod raw;
mod scope;
mod text;
mod wire;

use prost::Message as _;

use crate::{Schema, bundled, descriptor::FileSet};
use body::Printer;
use extensions::Extensions;
use raw::File;
use scope::Names;

impl Schema {
    /// Import paths of the files that came with the set; bundled ones and `google/protobuf` are left out.
    #[must_use]
    pub fn file_names(&self) -> Vec<String> {
        let own = self.raw_files().into_iter().map(|file| file.name);
        own.filter(|name| bundled::descriptor(name).is_none())
            .collect()
    }

    /// One file as `.proto` text that compiles again, with what was made for its models written out. `expose` is left
    /// out of those models, because the service is then written by hand. Comments above elements are kept.
    ///
    /// `None` when the set has no such file.
    #[must_use]
    pub fn to_proto(&self, file: &str) -> Option<String> {
        let files = self.raw_files();
        let file = files.iter().find(|other| other.name == file)?;
        // Options are written by their declaration in descriptor.proto, which a set without own options may lack.
        let standard = Self::from_descriptor_set(bundled::descriptor_set()).ok()?;
        let extensions = Extensions::collect(&files);
        let names = Names::collect(&files);
        Some(Printer::new(self, &standard, &extensions, &names, file).print())
    }

    fn raw_files(&self) -> Vec<File> {
        // The bytes were read once already, so nothing is lost here.
        let set = FileSet::decode(self.descriptor_set()).unwrap_or_default();
        let files = set.file.into_iter();
        files.filter_map(|file| File::decode(file).ok()).collect()
    }
}
