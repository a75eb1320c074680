//! Binary descriptor sets as input.

use std::path::Path;

use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorSet;
use protoloop_schema::Diagnostic;

use super::{bundled, report};

/// Adds an encoded `FileDescriptorSet`; what it imports and does not hold is taken from the bundled files.
pub(super) fn add(
    pool: &mut DescriptorPool,
    path: &Path,
    bytes: &[u8],
) -> Result<(), Vec<Diagnostic>> {
    let set = FileDescriptorSet::decode(bytes).map_err(|error| {
        vec![report::about_path(
            path,
            &format!("is neither a .proto file nor a binary descriptor set: {error}"),
            "make one with `protoloop generate descriptor`, `buf build -o api.binpb`, or \
             `protoc --include_imports --descriptor_set_out=api.binpb`",
        )]
    })?;
    let mut problems = Vec::new();
    for file in &set.file {
        if file.syntax() == "editions" {
            problems.push(report::about_path(
                path,
                &format!("{}: protobuf editions are not supported", file.name()),
                "write the file in proto3",
            ));
        }
        for import in &file.dependency {
            let held = set.file.iter().any(|other| other.name() == import);
            if !held && !bundled::add(pool, import) {
                problems.push(report::about_path(
                    path,
                    &format!("holds {}, but not its import {import}", file.name()),
                    "make the descriptor set with its imports",
                ));
            }
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    // Decoded again by the pool, from the bytes, so that options it does not know stay.
    pool.decode_file_descriptor_set(bytes)
        .map_err(|failure| report::of_link(failure, path, ""))
}
