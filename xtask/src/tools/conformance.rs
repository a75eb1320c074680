//! The official protobuf conformance runner.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{cache, system};
use crate::process::output;

/// The script that installs it; it can be run by hand as well.
const SCRIPT: &str = "tests/tools/conformance-runner.sh";

/// The command that starts the runner, as the script prints it.
pub(super) fn find(root: &Path) -> Result<PathBuf, String> {
    system::need("npm", "npm")?;
    let folder = cache(root, "conformance")?;
    let printed = output(Command::new("sh").arg(root.join(SCRIPT)).arg(folder))?;
    Ok(PathBuf::from(printed.trim()))
}
