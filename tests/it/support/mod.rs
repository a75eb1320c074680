//! What the tests share.

pub(crate) mod crafted;
pub(crate) mod echo;
pub(crate) mod envoy;
mod find;
pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod library;
pub(crate) mod run;
pub(crate) mod served;
pub(crate) mod stores;
pub(crate) mod tools;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the crate lies in crates/")
}

/// The `protoloop` binary under test.
pub(crate) const PROTOLOOP: &str = env!("CARGO_BIN_EXE_protoloop");

/// The smallest service: one model, no code.
pub(crate) fn todo() -> PathBuf {
    root().join("examples/todo")
}

/// A file that the tests share.
pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

/// A folder that goes away with the value.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the system has room for a folder")
}

/// Lets time pass, for what another process does in it.
#[allow(
    clippy::disallowed_methods,
    reason = "these tests have no runtime to block"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// `sqlite:FOLDER/data.db`.
pub(crate) fn database_in(folder: &tempfile::TempDir) -> String {
    format!("sqlite:{}", folder.path().join("data.db").display())
}
