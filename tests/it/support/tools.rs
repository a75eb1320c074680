//! Programs of others that some tests drive.

use std::path::PathBuf;

pub(crate) use super::find::find;

/// A Python interpreter with grpcio, grpcio-reflection and grpcio-health-checking.
pub(crate) fn python() -> Option<PathBuf> {
    find("PROTOLOOP_TEST_PYTHON")
}

/// The `buf` command.
pub(crate) fn buf() -> Option<PathBuf> {
    find("PROTOLOOP_TEST_BUF")
}

/// The `curl` command.
pub(crate) fn curl() -> Option<PathBuf> {
    find("PROTOLOOP_TEST_CURL")
}

/// The `envoy` command.
pub(crate) fn envoy() -> Option<PathBuf> {
    find("PROTOLOOP_TEST_ENVOY")
}

/// The `sqlmap` command.
pub(crate) fn sqlmap() -> Option<PathBuf> {
    find("PROTOLOOP_TEST_SQLMAP")
}
