//! The compile step: paths in, descriptor set and schema out.

mod bundled;
mod imports;
mod inputs;
mod link;
mod load;
mod report;
mod sets;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use prost_reflect::DescriptorPool;
use protoloop_schema::Diagnostics;

/// Compiles `.proto` files, folders of them (all below, sorted) and binary descriptor sets into one encoded
/// `FileDescriptorSet`, imports and source info included, nothing synthesised yet.
///
/// An import is looked for, in this order, below `includes`, below the given folders and the folders of the given
/// files, among the bundled files, and above the importing file. Bundled files of `google/protobuf` and `protoloop`
/// come before all others.
///
/// # Errors
/// Everything that is wrong with any of the files.
pub fn link(inputs: &[PathBuf], includes: &[PathBuf]) -> Result<Vec<u8>, Diagnostics> {
    let inputs::Inputs {
        files,
        sets,
        mut problems,
    } = inputs::find(inputs, includes);
    let mut pool = DescriptorPool::new();
    for (path, bytes) in sets {
        if let Err(found) = sets::add(&mut pool, &path, &bytes) {
            problems.extend(found);
        }
    }
    let known = pool.clone();
    let loaded = load::load(&files, includes, &|name| {
        known.get_file_by_name(name).is_some()
    });
    let (pool, found) = link::link(&loaded, pool);
    problems.extend(loaded.problems);
    problems.extend(found);
    if problems.is_empty() {
        return Ok(pool.encode_to_vec());
    }
    problems.sort_by(|one, other| one.location.cmp(&other.location));
    problems.dedup();
    Err(Diagnostics(problems))
}
