//! Which files the given paths stand for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::report;
use protoloop_schema::Diagnostic;

/// Folders that hold no protos of the user but may hold many files.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// Folders nested deeper than this are taken for a loop of links.
const MAX_DEPTH: usize = 64;

/// One `.proto` file to compile.
pub(super) struct Input {
    /// As the user would write it.
    pub(super) path: PathBuf,
    /// The folder that its import path starts from.
    pub(super) root: PathBuf,
}

/// What the given paths hold.
#[derive(Default)]
pub(super) struct Inputs {
    /// Sources, in order of the arguments, sorted within a folder.
    pub(super) files: Vec<Input>,
    /// Encoded descriptor sets.
    pub(super) sets: Vec<(PathBuf, Vec<u8>)>,
    /// What could not be read.
    pub(super) problems: Vec<Diagnostic>,
}

/// Finds the files of `paths`; a file below one of `includes` is imported relative to that.
pub(super) fn find(paths: &[PathBuf], includes: &[PathBuf]) -> Inputs {
    let mut inputs = Inputs::default();
    for path in paths {
        if path.is_dir() {
            inputs.folder(path);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            let root = includes.iter().find(|include| path.starts_with(include));
            let parent = || path.parent().unwrap_or(Path::new(""));
            inputs.files.push(Input {
                path: path.clone(),
                root: root.map_or_else(parent, PathBuf::as_path).to_owned(),
            });
        } else {
            inputs.set(path);
        }
    }
    inputs
}

impl Inputs {
    fn folder(&mut self, root: &Path) {
        let mut found = Vec::new();
        self.walk(root, &mut found, 0);
        if found.is_empty() {
            self.problems.push(report::about_path(
                root,
                super::NO_FILE,
                "name a folder with .proto files, a .proto file, or a binary descriptor set",
            ));
        }
        found.sort();
        // `./todo.proto` is shown as `todo.proto`.
        let root = plain(root);
        self.files.extend(found.iter().map(|path| Input {
            path: plain(path),
            root: root.clone(),
        }));
    }

    fn walk(&mut self, folder: &Path, found: &mut Vec<PathBuf>, depth: usize) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) => return self.unreadable(folder, &error),
        };
        for entry in entries {
            let path = match entry {
                Ok(entry) => entry.path(),
                Err(error) => {
                    self.unreadable(folder, &error);
                    continue;
                }
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                let skipped = name.starts_with('.') || SKIPPED.contains(&&*name);
                if !skipped && depth < MAX_DEPTH {
                    self.walk(&path, found, depth + 1);
                }
            } else if name.ends_with(".proto") {
                found.push(path);
            }
        }
    }

    fn set(&mut self, path: &Path) {
        match fs::read(path) {
            Ok(bytes) => self.sets.push((path.to_owned(), bytes)),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn unreadable(&mut self, path: &Path, error: &std::io::Error) {
        self.problems.push(report::unreadable(path, error));
    }
}

/// The path without a leading `./`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
