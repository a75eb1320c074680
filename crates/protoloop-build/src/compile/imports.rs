//! Where an import path may lead.

use std::path::{Component, Path, PathBuf};

/// How many folders above the importing file are tried.
const MAX_ANCESTORS: usize = 16;

/// The folders that import paths start from, in order of precedence.
pub(super) struct Roots(Vec<PathBuf>);

impl Roots {
    pub(super) fn new(includes: &[PathBuf]) -> Self {
        Self(includes.to_vec())
    }

    pub(super) fn add(&mut self, root: &Path) {
        if !self.0.iter().any(|known| known == root) {
            self.0.push(root.to_owned());
        }
    }

    /// The file of an import path below one of the roots.
    pub(super) fn find(&self, import: &str) -> Option<PathBuf> {
        self.0.iter().find_map(|root| file_below(root, import))
    }

    /// The file of an import path below a folder that holds the importing file; the last resort, so that one file out
    /// of a larger tree compiles without naming the tree's root.
    pub(super) fn find_above(importer: &Path, import: &str) -> Option<PathBuf> {
        let absolute = std::path::absolute(importer).ok()?;
        absolute
            .ancestors()
            .skip(1)
            .take(MAX_ANCESTORS)
            .find_map(|root| file_below(root, import))
    }

    /// The roots as text, for an error.
    pub(super) fn describe(&self) -> String {
        let shown = |root: &PathBuf| match root.as_os_str().is_empty() {
            true => ".".to_owned(),
            false => root.display().to_string(),
        };
        self.0.iter().map(shown).collect::<Vec<_>>().join(", ")
    }
}

fn file_below(root: &Path, import: &str) -> Option<PathBuf> {
    let path = root.join(import);
    path.is_file().then_some(path)
}

/// The import path of `path` below `root`, with `/` between its parts.
pub(super) fn name_below(root: &Path, path: &Path) -> String {
    join(path.strip_prefix(root).unwrap_or(path))
}

/// Splits the path of a file whose folders end with its package: `vendor/google/api/http.proto` of package `google.api`
/// is `google/api/http.proto` below `vendor`.
pub(super) fn split_at_package(path: &Path, package: &str) -> Option<(PathBuf, String)> {
    if package.is_empty() {
        return None;
    }
    let folder = path.parent()?;
    let suffix: PathBuf = package.split('.').collect();
    if !folder.ends_with(&suffix) {
        return None;
    }
    let root = folder.ancestors().nth(suffix.components().count())?;
    Some((root.to_owned(), name_below(root, path)))
}

/// The normal parts of a path, with `/` between them: what protobuf allows as an import path.
pub(super) fn join(path: &Path) -> String {
    let mut name = String::new();
    for component in path.components() {
        let Component::Normal(part) = component else {
            continue;
        };
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(&part.to_string_lossy());
    }
    name
}
