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

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use prost_reflect::DescriptorPool;
use protoloop_schema::{Diagnostic, Diagnostics, Schema};

/// What the given paths compile to.
#[derive(Debug)]
pub struct Compiled {
    /// The encoded `FileDescriptorSet` of the files as they are written, imports and source info included. The one
    /// with the synthesised services is [`Schema::descriptor_set`].
    pub descriptor_set: Vec<u8>,
    /// The `.proto` files on disk that it came from, imported ones included.
    pub sources: Vec<PathBuf>,
    /// The schema, synthesised services included.
    pub schema: Schema,
    /// What compiles but probably does not mean what its author meant.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles `.proto` files, folders of them (all below, sorted) and binary descriptor sets.
///
/// An import is looked for, in this order, below `includes`, below the given folders and the folders of the given
/// files, among the bundled files, and above the importing file. Bundled files of `google/protobuf` and `protoloop`
/// come before all others. Nothing bundled is parsed.
///
/// # Errors
/// Everything that is wrong with any of the files, with the paths as the caller gave them. Files are linked before
/// their options are read, so a run ends with either what the linker or what the schema found.
pub fn compile(inputs: &[PathBuf], includes: &[PathBuf]) -> Result<Compiled, Diagnostics> {
    let linked = link(inputs, includes)?;
    let in_paths = |mut diagnostic: Diagnostic| {
        if let Some(path) = linked.paths.get(&diagnostic.location.file) {
            diagnostic.location.file = path.display().to_string();
        }
        diagnostic
    };
    match Schema::from_descriptor_set(&linked.descriptor_set) {
        Ok(schema) => Ok(Compiled {
            warnings: schema.warnings().iter().cloned().map(&in_paths).collect(),
            schema,
            sources: linked.paths.into_values().collect(),
            descriptor_set: linked.descriptor_set,
        }),
        Err(Diagnostics(problems)) => {
            Err(Diagnostics(problems.into_iter().map(in_paths).collect()))
        }
    }
}

/// What is told when no folder was named and there is no file.
const NOTHING: &str = "nothing to compile";
/// What is told of a folder without files.
const NO_FILE: &str = "no .proto file in this folder or below it";

/// Whether all that is wrong is that there is no file.
#[must_use]
pub fn is_nothing(problems: &Diagnostics) -> bool {
    matches!(problems.0.as_slice(), [one] if one.message == NOTHING || one.message == NO_FILE)
}

/// Files that resolve among each other.
#[derive(Debug)]
struct Linked {
    descriptor_set: Vec<u8>,
    /// The file on disk of each import path.
    paths: HashMap<String, PathBuf>,
}

fn link(paths: &[PathBuf], includes: &[PathBuf]) -> Result<Linked, Diagnostics> {
    let inputs::Inputs {
        files,
        sets,
        mut problems,
    } = inputs::find(paths, includes);
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
    problems.extend(loaded.problems.iter().cloned());
    problems.extend(found);
    if problems.is_empty() && pool.files().len() == 0 {
        problems.push(report::about_path(
            paths.first().map_or(Path::new("."), PathBuf::as_path),
            NOTHING,
            "name a folder with .proto files, a .proto file, or a binary descriptor set",
        ));
    }
    if problems.is_empty() {
        return Ok(Linked {
            descriptor_set: pool.encode_to_vec(),
            paths: loaded.paths(),
        });
    }
    problems.sort_by(|one, other| one.location.cmp(&other.location));
    problems.dedup();
    Err(Diagnostics(problems))
}
