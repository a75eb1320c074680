//! Packages: each with its lints and its README, and each of the toolkit's named in ARCHITECTURE.md.

use std::path::Path;

use super::Files;

pub(super) fn check(files: &Files) -> Vec<String> {
    let architecture = files.text(Path::new("ARCHITECTURE.md"));
    let manifests = files
        .paths
        .iter()
        .filter(|path| path.ends_with("Cargo.toml"));
    manifests
        .flat_map(|manifest| check_package(files, manifest, &architecture))
        .collect()
}

fn check_package(files: &Files, manifest: &Path, architecture: &str) -> Vec<String> {
    let text = files.text(manifest);
    let folder = manifest.parent().unwrap_or(Path::new(""));
    if !text.contains("[package]") {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if !has_workspace_lints(&text) {
        problems.push(format!(
            "{}: write `lints.workspace = true`",
            manifest.display()
        ));
    }
    if !files.root.join(folder).join("README.md").is_file() {
        problems.push(format!("{}: has no README.md", folder.display()));
    }
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if folder.starts_with("crates") && !architecture.contains(&*name) {
        problems.push(format!("ARCHITECTURE.md: does not name {name}"));
    }
    problems
}

/// A package that is a workspace of its own, as one for fuzzing has to be, cannot take them.
fn has_workspace_lints(manifest: &str) -> bool {
    manifest.contains("[lints]\nworkspace = true")
        || manifest.contains("lints.workspace = true")
        || manifest.lines().any(|line| line.trim() == "[workspace]")
}
