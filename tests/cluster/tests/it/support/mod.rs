//! What the tests share.

pub(crate) mod calls;
#[path = "../../../../it/support/find.rs"]
mod find;
pub(crate) mod helm;
pub(crate) mod images;
pub(crate) mod kept;
pub(crate) mod mortal;
pub(crate) mod namespace;
pub(crate) mod postgres;

use std::{
    io::{Write as _, stdout},
    path::{Path, PathBuf},
};

pub(crate) use find::find;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The `protoloop` command, where it was built with `deploy` in it, as the image has it. `None` where not: a narrow build leaves
/// it out, and `cargo xtask test` never does.
pub(crate) fn deployer() -> Option<PathBuf> {
    let program = built("protoloop");
    let mut help = std::process::Command::new(&program);
    if protoloop_cluster::shell::output(help.args(["deploy", "--help"])).is_ok() {
        return Some(program);
    }
    let why = "protoloop was built without --features protoloop-cli/kubernetes";
    assert!(
        std::env::var_os("PROTOLOOP_TESTS_FORBID_SKIP").is_none(),
        "{why}"
    );
    let test = std::thread::current();
    let test = test.name().unwrap_or("a test");
    // Written around the test harness, which would swallow it; `cargo xtask test` counts these lines.
    writeln!(stdout(), "SKIPPED {test}: {why}").expect("standard output is open");
    None
}

/// A project for a typed service, `book-shop`, in a folder: as `protoloop new` writes it, but for where it finds our crates.
pub(crate) fn new_project(folder: &Path) -> PathBuf {
    let mut new = std::process::Command::new(built("protoloop"));
    new.args(["new", "book-shop", "--protoloop-path"])
        .arg(root());
    protoloop_cluster::shell::output(new.current_dir(folder))
        .unwrap_or_else(|failure| panic!("{failure}"));
    folder.join("book-shop")
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
