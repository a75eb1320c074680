//! What the tests share.

pub(crate) mod calls;
#[path = "../../../../it/support/find.rs"]
mod find;
pub(crate) mod helm;
pub(crate) mod images;
pub(crate) mod kept;
pub(crate) mod namespace;
pub(crate) mod postgres;

use std::path::{Path, PathBuf};

pub(crate) use find::find;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A binary of the workspace, which `cargo test --workspace` has built beside the tests.
pub(crate) fn built(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("a process has a file");
    let folder = tests
        .parent()
        .and_then(Path::parent)
        .expect("tests lie in target/PROFILE/deps");
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is not there: `cargo build --workspace --bins`, or run all tests",
        path.display()
    );
    path
}
