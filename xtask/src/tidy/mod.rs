//! `cargo xtask tidy`: what neither the compiler nor clippy sees.

mod crates;
mod links;
mod sources;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Fallible, console, process};

/// Runs every check and reports all that is wrong at once.
pub(crate) fn run(root: &Path) -> Fallible<()> {
    let files = Files::of(root)?;
    let mut problems = sources::check(&files);
    problems.extend(crates::check(&files));
    problems.extend(links::check(&files));
    for problem in &problems {
        console::say(problem);
    }
    if problems.is_empty() {
        console::say(format_args!("tidy: {} files", files.paths.len()));
        return Ok(());
    }
    Err(format!("tidy: {} problems", problems.len()).into())
}

/// The files of the repository that git knows or would take.
struct Files {
    root: PathBuf,
    /// Relative to the root, sorted.
    paths: Vec<PathBuf>,
}

impl Files {
    fn of(root: &Path) -> Fallible<Self> {
        let listed = process::output(Command::new("git").current_dir(root).args([
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        let mut paths: Vec<_> = listed.lines().map(PathBuf::from).collect();
        paths.retain(|path| root.join(path).is_file());
        paths.sort();
        paths.dedup();
        Ok(Self {
            root: root.to_owned(),
            paths,
        })
    }

    /// The files whose names end in `.EXTENSION`.
    fn with_extension(&self, extension: &str) -> impl Iterator<Item = &Path> {
        self.paths
            .iter()
            .map(PathBuf::as_path)
            .filter(move |path| path.extension().is_some_and(|found| found == extension))
    }

    /// A file's text; a file that is not UTF-8 has none that could be checked.
    fn text(&self, path: &Path) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_default()
    }
}
