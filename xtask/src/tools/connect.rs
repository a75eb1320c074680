//! The official runner of Connect's conformance suite, which covers gRPC and gRPC-Web too.

use std::{path::Path, process::Command};

use super::{Found, cache, system};
use crate::process::output;

/// 1.0.7 needs a module version that cannot be had.
const VERSION: &str = "v1.0.6";

/// The runner, built by Go unless it is there.
pub(super) fn find(root: &Path) -> Found {
    let folder = cache(root, &format!("connectconformance-{VERSION}"))?;
    let runner = folder.join("connectconformance");
    if runner.exists() {
        return Ok(runner);
    }
    let go = system::need("go", "golang-go")?;
    let package = format!("connectrpc.com/conformance/cmd/connectconformance@{VERSION}");
    output(
        Command::new(go)
            .args(["install", &package])
            .env("GOBIN", &folder),
    )?;
    Ok(runner)
}
