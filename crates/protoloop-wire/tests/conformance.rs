//! The official protobuf conformance suite: binary and JSON, required and recommended, with no list of known failures.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

/// A command that starts the runner; `tests/tools/conformance-runner.sh` installs one and prints its path.
const RUNNER: &str = "PROTOLOOP_CONFORMANCE_RUNNER";
/// Set to 1 where a skipped test is a failure.
const FORBID_SKIP: &str = "PROTOLOOP_TESTS_FORBID_SKIP";

#[test]
fn the_official_suite_passes() {
    let Some(runner) = env::var_os(RUNNER) else {
        let reason = env::var(format!("{RUNNER}_MISSING")).unwrap_or_else(|_| {
            format!("run `{RUNNER}=$(tests/tools/conformance-runner.sh .cache/conformance)`")
        });
        assert_ne!(env::var(FORBID_SKIP).as_deref(), Ok("1"), "{reason}");
        // Written around the test harness, which would swallow it; `cargo xtask test` counts these lines.
        let line = format!("SKIPPED the_official_suite_passes: {RUNNER} is not set: {reason}");
        writeln!(io::stdout(), "{line}").expect("standard output is open");
        return;
    };
    let output = Command::new(&runner)
        .args(["--enforce_recommended", "--output_dir"])
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .arg(testee())
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", runner.display()));
    let log = String::from_utf8_lossy(&output.stderr);
    let verdict = log
        .lines()
        .find(|line| line.starts_with("CONFORMANCE SUITE"))
        .unwrap_or_else(|| panic!("the runner gave no verdict:\n{log}"));
    assert!(output.status.success(), "{log}");
    assert!(passes(verdict), "{log}");
    eprintln!("{verdict}");
}

/// Whether the binary and JSON suite ran in full: nothing skipped, nothing expected to fail.
fn passes(verdict: &str) -> bool {
    let successes = verdict
        .split_once(" successes")
        .and_then(|(before, _)| before.rsplit(' ').next()?.parse::<u32>().ok());
    successes.is_some_and(|successes| successes > 2_000)
        && verdict.contains(" 0 skipped, 0 expected failures, 0 unexpected failures")
}

/// Builds the example that the runner drives; a run of this test alone does not.
fn testee() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build
        .args([
            "build",
            "--quiet",
            "-p",
            "protoloop-wire",
            "--example",
            "conformance_testee",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    assert!(build.status().is_ok_and(|status| status.success()));
    // target/PROFILE/deps/THIS → target/PROFILE/examples/conformance_testee
    let this = env::current_exe().expect("a running program has a path");
    let profile = this.ancestors().nth(2).unwrap_or(Path::new("."));
    profile.join("examples/conformance_testee")
}
