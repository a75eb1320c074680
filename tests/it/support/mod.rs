//! What the tests share.

pub(crate) mod grpc;
pub(crate) mod http;
pub(crate) mod served;
pub(crate) mod tools;

use std::path::{Path, PathBuf};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate lies in crates/")
}

/// The `protoloop` binary under test.
pub(crate) const PROTOLOOP: &str = env!("CARGO_BIN_EXE_protoloop");
