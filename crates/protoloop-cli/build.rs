//! How the program is linked.

use std::{env, process::Command};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=RUSTC_LINKER");
    if packs_relocations() {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the places that a start has to adjust to where the program lies are listed in the packed form (`DT_RELR`). The plain list
/// is a megabyte, and read as a whole at each start. Loaders know the packed form from version 2.36 of the GNU C library.
fn packs_relocations() -> bool {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    let runs_here = env::var("HOST").ok() == env::var("TARGET").ok();
    is("PROFILE", "release")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && runs_here
        && env::var_os("RUSTC_LINKER").is_none()
        && c_library().is_some_and(|version| version >= (2, 36))
}

/// The version of this machine's GNU C library.
fn c_library() -> Option<(u32, u32)> {
    let told = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = String::from_utf8(told.ok()?.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
