//! Takes a descriptor set apart, completes its imports and orders its files.

use std::collections::{HashMap, HashSet};

use prost::{Message as _, bytes::Bytes};

use super::report::Report;
use crate::{
    Location, ReadOptions, bundled,
    descriptor::{File, FileSet, Source, is_known_edition, path},
};

/// A file as it came, and decoded.
#[derive(Debug)]
pub(crate) struct LoadedFile {
    pub(crate) encoded: Bytes,
    pub(crate) decoded: File,
}

/// The files of a set as they came.
pub(crate) fn load(bytes: &[u8], options: &ReadOptions, report: &mut Report) -> Vec<LoadedFile> {
    let Some(files) = decode(bytes, report) else {
        return Vec::new();
    };
    for file in &files {
        refuse_editions(&file.decoded, options, report);
    }
    files
}

/// The files as an encoded `FileDescriptorSet`.
pub(crate) fn encode(files: &[LoadedFile]) -> Vec<u8> {
    let file = files.iter().map(|file| file.encoded.clone()).collect();
    FileSet { file }.encode_to_vec()
}

fn decode(bytes: &[u8], report: &mut Report) -> Option<Vec<LoadedFile>> {
    const HELP: &str =
        "give the bytes that `protoc --include_imports --descriptor_set_out` or `buf build` write";
    let set = match FileSet::decode(bytes) {
        Ok(set) => set,
        Err(cause) => {
            let message = format!("this is no google.protobuf.FileDescriptorSet: {cause}");
            report.error(Location::default(), message, HELP);
            return None;
        }
    };
    let mut seen = HashSet::new();
    let mut files = Vec::with_capacity(set.file.len());
    for encoded in set.file {
        match File::decode(encoded.clone()) {
            Ok(decoded) if seen.insert(decoded.name.clone()) => {
                files.push(LoadedFile { encoded, decoded });
            }
            Ok(_) => {}
            Err(cause) => {
                let message = format!("a file of the descriptor set does not decode: {cause}");
                report.error(Location::default(), message, HELP);
            }
        }
    }
    Some(files)
}

/// Adds the bundled files that are imported and missing.
pub(super) fn complete(files: &mut Vec<LoadedFile>) {
    let mut present: HashSet<String> = files.iter().map(|file| file.decoded.name.clone()).collect();
    let mut next = 0;
    while let Some(file) = files.get(next) {
        for name in file.decoded.dependency.clone() {
            let bundled = bundled::descriptor(&name).filter(|_| !present.contains(&name));
            let Some(encoded) = bundled else { continue };
            let decoded = File::decode(encoded.clone()).expect("codegen wrote descriptors");
            files.push(LoadedFile { encoded, decoded });
            present.insert(name);
        }
        next += 1;
    }
}

fn refuse_editions(file: &File, options: &ReadOptions, report: &mut Report) {
    if options.upstream && is_known_edition(file) {
        return;
    }
    let known = matches!(&*file.syntax, "" | "proto2" | "proto3") && file.edition == 0;
    if known {
        return;
    }
    let source = Source::new(file);
    let place = [path::FILE_EDITION, path::FILE_SYNTAX]
        .map(|element| source.location(&[element]))
        .into_iter()
        .max_by_key(|location| location.line);
    report.error(
        place.unwrap_or_default(),
        format!(
            "{} uses `edition` syntax, which is not supported yet",
            file.name
        ),
        "write `syntax = \"proto3\";` instead of the `edition` line",
    );
}

/// Puts every import before the file that imports it; depth-first, in the order of the set.
pub(super) fn sort(files: Vec<LoadedFile>, report: &mut Report) -> Vec<LoadedFile> {
    let positions: HashMap<String, usize> = files
        .iter()
        .enumerate()
        .map(|(position, file)| (file.decoded.name.clone(), position))
        .collect();
    let mut order = Vec::with_capacity(files.len());
    let mut visited = vec![false; files.len()];
    for start in 0..files.len() {
        // A stack instead of recursion, because the depth of imports is the caller's choice.
        let mut stack = vec![(start, 0)];
        while let Some((position, next)) = stack.pop() {
            if next == 0 && std::mem::replace(&mut visited[position], true) {
                continue;
            }
            let file = &files[position].decoded;
            match file.dependency.get(next) {
                None => order.push(position),
                Some(name) => {
                    stack.push((position, next + 1));
                    match positions.get(name) {
                        Some(import) => stack.push((*import, 0)),
                        None => report_missing(file, next, report),
                    }
                }
            }
        }
    }
    let mut files: Vec<_> = files.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|position| files[position].take())
        .collect()
}

fn report_missing(file: &File, import: usize, report: &mut Report) {
    let index = i32::try_from(import).unwrap_or(i32::MAX);
    report.error(
        Source::new(file).location(&[path::FILE_DEPENDENCY, index]),
        format!(
            "{} imports {}, which is not in the descriptor set",
            file.name, file.dependency[import]
        ),
        "write the set with its imports: `protoc --include_imports`, or `buf build`",
    );
}
