//! Where a tool is that some tests drive.

use std::{
    env,
    io::{Write as _, stdout},
    path::PathBuf,
    thread,
};

/// Where a tool is, by the environment variable that `cargo xtask test` sets for it.
///
/// `None` means that the test is to return at once: the reason has been printed. Where skipping is forbidden (as in CI),
/// a missing tool fails the test instead.
pub(crate) fn find(variable: &str) -> Option<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let why = env::var(format!("{variable}_MISSING"))
        .unwrap_or_else(|_| "run the tests by `cargo xtask test`".into());
    assert!(
        env::var_os("PROTOLOOP_TESTS_FORBID_SKIP").is_none(),
        "{variable} is not set and skipping is forbidden: {why}"
    );
    // Written around the test harness, which would swallow it; `cargo xtask test` counts these lines.
    let test = thread::current();
    let test = test.name().unwrap_or("a test");
    writeln!(stdout(), "SKIPPED {test}: {variable} is not set: {why}")
        .expect("standard output is open");
    None
}
