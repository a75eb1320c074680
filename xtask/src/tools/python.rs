//! A Python interpreter with gRPC: a virtual environment of our own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{cache, system};
use crate::process::output;

/// What the environment has to hold.
const REQUIREMENTS: &str = "tests/foreign/requirements.txt";

/// The interpreter of the environment, which is made anew whenever the requirements change.
pub(super) fn find(root: &Path) -> Result<PathBuf, String> {
    let requirements = root.join(REQUIREMENTS);
    let wanted =
        fs::read_to_string(&requirements).map_err(|error| format!("{REQUIREMENTS}: {error}"))?;
    let folder = cache(root, "python")?;
    let python = folder.join("bin/python");
    let stamp = folder.join("installed.txt");
    if python.exists() && fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    make_environment(&folder)?;
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ])
    .arg(&requirements);
    output(&mut pip)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(python)
}

/// Debian keeps the `venv` module's other half in a package of its own, so the first try may fail for want of it.
fn make_environment(folder: &Path) -> Result<(), String> {
    let python = system::need("python3", "python3-venv")?;
    let make = || {
        output(
            Command::new(&python)
                .args(["-m", "venv", "--clear"])
                .arg(folder),
        )
    };
    if make().is_ok() {
        return Ok(());
    }
    let installed = system::install("python3-venv");
    make().map(drop).map_err(|error| match installed {
        Ok(()) => error,
        Err(reason) => format!("{error}; {reason}"),
    })
}
