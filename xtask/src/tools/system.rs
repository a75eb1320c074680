//! Programs of the system: on the PATH, or from Debian's packages where we may install them.

use std::{
    path::PathBuf,
    process::Command,
    sync::{Mutex, PoisonError},
};

use crate::process::{output, which};

/// Whether the package lists have been brought up to date in this run; held while apt-get works, which runs alone.
static LISTS_ARE_FRESH: Mutex<bool> = Mutex::new(false);

/// The path of a program, which `package` brings if it is not there.
pub(crate) fn need(program: &str, package: &str) -> Result<PathBuf, String> {
    if let Some(path) = which(program) {
        return Ok(path);
    }
    install(package).map_err(|reason| format!("{program} is not on the PATH; {reason}"))?;
    which(program).ok_or_else(|| format!("the package {package} brought no {program}"))
}

/// Installs a Debian package.
pub(crate) fn install(package: &str) -> Result<(), String> {
    if which("apt-get").is_none() {
        return Err(format!(
            "install it by hand (Debian's package is {package}), this system has no apt-get"
        ));
    }
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err(format!("run `apt-get install {package}` as root"));
    }
    let mut lists_are_fresh = LISTS_ARE_FRESH
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if !*lists_are_fresh {
        output(&mut apt_get(&["update"]))?;
        *lists_are_fresh = true;
    }
    output(&mut apt_get(&[
        "install",
        "--yes",
        "--no-install-recommends",
        package,
    ]))
    .map(drop)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-qq", "-o", "Acquire::Retries=3"])
        .args(arguments);
    command
}
