//! The official conformance suite over Connect, gRPC and gRPC-Web, with no list of known failures.

use std::{
    env,
    io::{self, Write as _},
    process::Command,
};

/// The runner; `cargo xtask test` installs it.
const RUNNER: &str = "PROTOLOOP_CONNECT_CONFORMANCE";
/// Set to 1 where a skipped test is a failure.
const FORBID_SKIP: &str = "PROTOLOOP_TESTS_FORBID_SKIP";

/// How many cases `config.yaml` leads to; fewer would mean that it was cut short.
const CASES: u32 = 7288;

#[test]
fn every_case_of_the_suite_passes() {
    let Some(runner) = env::var_os(RUNNER) else {
        let reason = env::var(format!("{RUNNER}_MISSING"))
            .unwrap_or_else(|_| "run the tests by `cargo xtask test`".to_owned());
        assert_ne!(env::var(FORBID_SKIP).as_deref(), Ok("1"), "{reason}");
        // Written around the test harness, which would swallow it; `cargo xtask test` counts these lines.
        let line = format!("SKIPPED every_case_of_the_suite_passes: {RUNNER} is not set: {reason}");
        writeln!(io::stdout(), "{line}").expect("standard output is open");
        return;
    };
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/config.yaml");
    let output = Command::new(&runner)
        .args(["--mode", "server", "--conf", config, "--"])
        .arg(env!("CARGO_BIN_EXE_protoloop-conformance"))
        .output()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", runner.display()));
    let log = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert!(log.contains(&format!("Total cases: {CASES}\n")), "{log}");
    assert!(log.contains(&format!("{CASES} passed, 0 failed")), "{log}");
}
