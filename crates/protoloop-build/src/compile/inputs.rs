//! Which files the given paths stand for.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use super::report;
use protoloop_schema::Diagnostic;

/// Folders that hold no protos of the user but may hold many files.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// Folders nested deeper than this are not looked into.
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
        let mut walk = Walk::default();
        walk.all(root);
        let Walk {
            mut found,
            unreadable,
            ..
        } = walk;
        for (path, error) in &unreadable {
            self.unreadable(path, error);
        }
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

/// The files below a folder. Each folder is looked into once, whatever links lead to it, and by its own name where that is
/// below as well.
#[derive(Default)]
struct Walk {
    found: Vec<PathBuf>,
    unreadable: Vec<(PathBuf, std::io::Error)>,
    /// Folders that were looked into, by their canonical paths.
    seen: HashSet<PathBuf>,
    /// Links to folders, which are followed behind everything else.
    links: Vec<PathBuf>,
}

impl Walk {
    fn all(&mut self, root: &Path) {
        self.folder(root, 0);
        while !self.links.is_empty() {
            let mut links = std::mem::take(&mut self.links);
            links.sort();
            for link in links {
                self.folder(&link, 0);
            }
        }
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let entries =
            fs::canonicalize(folder).and_then(|canonical| match self.seen.insert(canonical) {
                true => fs::read_dir(folder)?.collect(),
                false => Ok(Vec::new()),
            });
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unreadable.push((folder.to_owned(), error)),
        };
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if path.is_dir() {
                let skipped = name.starts_with('.') || SKIPPED.contains(&&*name);
                if skipped || depth >= MAX_DEPTH {
                    continue;
                }
                match path.is_symlink() {
                    true => self.links.push(path),
                    false => self.folder(&path, depth + 1),
                }
            } else if name.ends_with(".proto") && !is_special(&path) {
                self.found.push(path);
            }
        }
    }
}

/// Whether it is a pipe, a socket or a device, whose end nobody may wait for.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// The path without a leading `./`.
fn plain(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}
