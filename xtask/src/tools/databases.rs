//! Database servers, which the tests start for themselves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::system::{install, need};
use crate::process::which;

/// The `postgres` program.
pub(super) fn postgres(_: &Path) -> Result<PathBuf, String> {
    if let Some(found) = which("postgres").or_else(debian_postgres) {
        return Ok(found);
    }
    install("postgresql")?;
    debian_postgres().ok_or_else(|| "the package postgresql brought no server".to_owned())
}

/// The `mariadbd` program.
pub(super) fn mariadb(_: &Path) -> Result<PathBuf, String> {
    let administrators = Path::new("/usr/sbin/mariadbd");
    if administrators.is_file() {
        return Ok(administrators.to_path_buf());
    }
    need("mariadbd", "mariadb-server").or_else(|reason| match administrators.is_file() {
        true => Ok(administrators.to_path_buf()),
        false => Err(reason),
    })
}

/// Debian has a folder for each version; the newest counts.
fn debian_postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin/postgres")))
        })
        .filter(|(_, program)| program.is_file())
        .collect();
    found.sort();
    found.pop().map(|(_, program)| program)
}
