//! Database servers, which the tests start for themselves.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    cache,
    system::{install, need},
};
use crate::process::{output, which};

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

/// MySQL's packages and what they need, which are of a newer Debian than most machines have.
const SUITE: &str = "sid";
/// What its server does not need of what the packages ask for: interpreters, and files that all packages share.
const NEEDLESS: [&str; 6] = ["perl", "libperl", "libgdbm", "libdb5", "gcc-", "openssl-"];

/// Asks for tests on MySQL, which take minutes: it changes tables slowly.
pub(crate) const WITH_MYSQL: &str = "PROTOLOOP_WITH_MYSQL";

/// The `mysqld` program, where it is asked for: unpacked below `.cache/` with the libraries of its own Debian, by which it is started. Nothing is
/// installed.
pub(super) fn mysql(root: &Path) -> Result<PathBuf, String> {
    if env::var_os(WITH_MYSQL).is_none() {
        return Err(format!("{WITH_MYSQL}=1 asks for it"));
    }
    let folder = cache(root, "mysql")?;
    let program = folder.join("mysqld");
    if program.is_file() {
        return Ok(program);
    }
    for needed in ["apt-get", "dpkg"] {
        which(needed).ok_or_else(|| format!("{needed} is not there to unpack it with"))?;
    }
    let keys = Path::new("/usr/share/keyrings/debian-archive-keyring.gpg");
    if !keys.is_file() {
        return Err("this is no Debian".to_owned());
    }
    let (packages, files) = (folder.join("packages"), folder.join("root"));
    for part in [
        &packages,
        &folder.join("lists/partial"),
        &folder.join("archives/partial"),
    ] {
        fs::create_dir_all(part).map_err(|error| error.to_string())?;
    }
    let list = folder.join("sources.list");
    let source = format!(
        "deb [signed-by={}] http://deb.debian.org/debian {SUITE} main\n",
        keys.display()
    );
    fs::write(&list, source).map_err(|error| error.to_string())?;
    output(apt(&folder).arg("update"))?;
    let planned = output(apt(&folder).args([
        "--simulate",
        "--no-install-recommends",
        "install",
        "mysql-server-core",
    ]))?;
    let names = planned.lines().filter_map(|line| {
        let name = line.strip_prefix("Inst ")?.split(' ').next()?;
        (!NEEDLESS.iter().any(|needless| name.starts_with(needless))).then_some(name)
    });
    output(
        apt(&folder)
            .arg("download")
            .args(names)
            .current_dir(&packages),
    )?;
    let found = fs::read_dir(&packages).map_err(|error| error.to_string())?;
    for package in found.flatten() {
        output(
            Command::new("dpkg")
                .arg("-x")
                .arg(package.path())
                .arg(&files),
        )?;
    }
    let _ = fs::remove_dir_all(&packages);
    write_program(&program, &files)?;
    Ok(program)
}

/// apt-get on the packages of the other Debian alone.
fn apt(folder: &Path) -> Command {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-y", "-o", "Acquire::Retries=3"]);
    for (option, path) in [
        ("Dir::Etc::sourcelist", folder.join("sources.list")),
        ("Dir::Etc::sourceparts", PathBuf::from("/dev/null")),
        ("Dir::State::lists", folder.join("lists")),
        ("Dir::State::status", PathBuf::from("/dev/null")),
        ("Dir::Cache", folder.to_path_buf()),
    ] {
        command.arg("-o");
        command.arg(format!("{option}={}", path.display()));
    }
    // The user that downloads otherwise may not write here.
    command.args(["-o", "APT::Sandbox::User=root"]);
    command
}

/// A script that starts the server with its own libraries.
fn write_program(program: &Path, files: &Path) -> Result<(), String> {
    let files = files.join("usr");
    let libraries = files.join("lib/x86_64-linux-gnu");
    let script = format!(
        "#!/bin/sh\nexec '{loader}' --library-path '{libraries}' '{files}/sbin/mysqld' \"$@\" --basedir='{files}' \
         --lc-messages-dir='{files}/share/mysql' --plugin-dir='{files}/lib/mysql/plugin'\n",
        loader = libraries.join("ld-linux-x86-64.so.2").display(),
        libraries = libraries.display(),
        files = files.display(),
    );
    fs::write(program, script).map_err(|error| error.to_string())?;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .map_err(|error| error.to_string())
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
