//! What the tests in a browser need: Chromium, and packages of npm.

use std::{fs, path::Path, process::Command};

use super::{Found, cache, system};
use crate::process::{output, which};

/// What is to be installed, by exact versions.
const PACKAGES: &str = "tests/browser/package.json";

/// Chromium, as Debian has it.
pub(super) fn chromium(_: &Path) -> Found {
    match which("chromium-browser").or_else(|| which("google-chrome")) {
        Some(path) => Ok(path),
        None => system::need("chromium", "chromium"),
    }
}

/// The folder with the packages, installed anew whenever their list changes.
pub(super) fn packages(root: &Path) -> Found {
    let list = root.join(PACKAGES);
    let wanted = fs::read_to_string(&list).map_err(|error| format!("{PACKAGES}: {error}"))?;
    let folder = cache(root, "browser")?;
    let stamp = folder.join("installed.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let npm = system::need("npm", "npm")?;
    let write = |path: &Path| {
        fs::write(path, &wanted).map_err(|error| format!("{}: {error}", path.display()))
    };
    write(&folder.join("package.json"))?;
    let mut install = Command::new(npm);
    install
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        .args(["--no-package-lock", "--ignore-scripts", "--prefix"])
        .arg(&folder);
    output(&mut install)?;
    write(&stamp)?;
    Ok(folder)
}
