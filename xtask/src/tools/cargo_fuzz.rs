//! The front end of libFuzzer, from the crates' registry.

use std::path::Path;

use super::{Found, cache};
use crate::process::{cargo, output};

const VERSION: &str = "0.13.1";

/// The command, installed unless it is there.
pub(crate) fn find(root: &Path) -> Found {
    let folder = cache(root, &format!("cargo-fuzz-{VERSION}"))?;
    let program = folder.join("bin/cargo-fuzz");
    if program.exists() {
        return Ok(program);
    }
    let mut install = cargo(root);
    install.args(["install", "--quiet", "--locked", "--version", VERSION]);
    output(install.arg("--root").arg(&folder).arg("cargo-fuzz"))?;
    Ok(program)
}
