//! The files that can be imported from anywhere.

use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;

/// Our own options, by import path.
const SOURCES: [(&str, &str); 1] = [(
    "protoloop/v1/annotations.proto",
    include_str!("../../../../proto/protoloop/v1/annotations.proto"),
)];

/// Whether the bundled file is taken even when the user has one of that path: these are the files that this very
/// version reads by number.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("google/protobuf/") || name.starts_with("protoloop/")
}

/// The bundled file of an import path.
pub(super) fn file(name: &str) -> Option<FileDescriptorProto> {
    if let Some(file) = DescriptorPool::global().get_file_by_name(name) {
        return Some(file.file_descriptor_proto().clone());
    }
    let (_, source) = SOURCES.iter().find(|(path, _)| *path == name)?;
    protox_parse::parse(name, source).ok()
}

/// The import paths of the bundled files, for an error.
pub(super) fn describe() -> String {
    let mut names = vec!["google/protobuf/*.proto"];
    names.extend(SOURCES.iter().map(|(name, _)| *name));
    names.join(", ")
}

/// Adds a bundled file behind its own imports; false when there is none of that name.
pub(super) fn add(pool: &mut DescriptorPool, name: &str) -> bool {
    if pool.get_file_by_name(name).is_some() {
        return true;
    }
    let Some(file) = file(name) else {
        return false;
    };
    file.dependency.iter().all(|import| add(pool, import))
        && pool.add_file_descriptor_proto(file).is_ok()
}
