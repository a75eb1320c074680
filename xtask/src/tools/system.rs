//! Programs of the system: on the PATH, or from Debian's packages where we may install them.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
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
    let _one_at_a_time = fresh_lists()?;
    let install = || {
        output(&mut apt_get(&[
            "install",
            "--yes",
            "--no-install-recommends",
            package,
        ]))
    };
    // Once more, for an archive may go while it is unpacked, where others work on the machine too.
    install().or_else(|_| install()).map(drop)
}

/// The file of a Debian package, put into a folder and not installed.
pub(crate) fn download(package: &str, folder: &Path) -> Result<PathBuf, String> {
    if which("apt-get").is_none() {
        return Err(format!(
            "this system has no apt-get for the package {package}"
        ));
    }
    if output(Command::new("id").arg("-u"))?.trim() != "0" {
        return Err(format!("run `apt-get install {package}` as root"));
    }
    let _one_at_a_time = fresh_lists()?;
    output(apt_get(&["download", package]).current_dir(folder))?;
    let files = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
    let start = format!("{package}_");
    let mut found = files
        .filter_map(Result::ok)
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "deb"))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with(&start))
        });
    found
        .next()
        .ok_or_else(|| format!("apt-get brought no file of the package {package}"))
}

/// Package lists that were brought up to date in this run; apt-get is the caller's alone while it has the answer.
fn fresh_lists() -> Result<MutexGuard<'static, bool>, String> {
    let mut fresh = LISTS_ARE_FRESH
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if !*fresh {
        output(&mut apt_get(&["update"]))?;
        *fresh = true;
    }
    Ok(fresh)
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-qq", "-o", "Acquire::Retries=3"])
        .args(arguments);
    command
}
