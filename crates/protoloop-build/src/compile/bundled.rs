//! The files that can be imported from anywhere. They come as descriptors, so nothing of them is parsed.

use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;
use protoloop_schema::bundled;

/// Whether the bundled file is taken even when the user has one of that path: these are the files that this very
/// version reads by number.
pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("google/protobuf/") || name.starts_with("protoloop/")
}

/// Whether there is a bundled file of an import path.
pub(super) fn has(name: &str) -> bool {
    bundled::descriptor(name).is_some()
}

/// Adds a bundled file behind its own imports; false when there is none of that name.
pub(super) fn add(pool: &mut DescriptorPool, name: &str) -> bool {
    if pool.get_file_by_name(name).is_some() {
        return true;
    }
    let Some(encoded) = bundled::descriptor(name) else {
        return false;
    };
    let Ok(file) = FileDescriptorProto::decode(encoded.as_ref()) else {
        return false;
    };
    // Decoded again by the pool, from the bytes, so that options keep their extensions.
    file.dependency.iter().all(|import| add(pool, import))
        && pool.decode_file_descriptor_proto(encoded).is_ok()
}

/// The import paths of the bundled files, for an error.
pub(super) fn describe() -> String {
    let mut names = vec!["google/protobuf/*.proto"];
    names.extend(bundled::files().iter().map(|(name, _)| *name));
    names.join(", ")
}
