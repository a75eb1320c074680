//! The `buf` command, from npm.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{cache, system};
use crate::process::output;

/// The version that the tests and the lint are written for.
const VERSION: &str = "1.75.0";

/// The command, installed unless this very version is there.
pub(crate) fn find(root: &Path) -> Result<PathBuf, String> {
    let folder = cache(root, "buf")?;
    let buf = folder.join("node_modules/.bin/buf");
    let version = || output(Command::new(&buf).arg("--version"));
    if version().is_ok_and(|version| version.trim() == VERSION) {
        return Ok(buf);
    }
    let npm = system::need("npm", "npm")?;
    let mut install = Command::new(npm);
    install
        .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
        .arg(&folder);
    output(install.arg(format!("@bufbuild/buf@{VERSION}")))?;
    version()?;
    Ok(buf)
}
