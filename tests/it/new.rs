//! `protoloop new`: each template builds, starts and passes its own test as it comes.

use std::{env, path::Path, process::Command};

use crate::support::{
    self, PROTOLOOP, http,
    run::{Ran, protoloop, run},
    served::Served,
    tools,
};

#[test]
fn the_zero_code_project_serves_and_passes_its_test() {
    let folder = support::folder();
    protoloop(folder.path(), &["new", "book-shop", "--zero-code"]).succeeded();
    let project = folder.path().join("book-shop");
    protoloop(&project, &["check", "proto"]).succeeded();
    let server = Served::start(&project.join("proto"), "memory:");
    assert_eq!(http::get(server.address(), "/livez").status, 200);

    // The project's test calls it.
    let Some(_) = tools::curl() else { return };
    let mut test = Command::new("sh");
    test.arg("test.sh")
        .current_dir(&project)
        .env("PROTOLOOP", PROTOLOOP)
        .env("PATH", path_with_protoloop());
    run(&mut test).succeeded();
}

#[test]
fn the_typed_project_builds_and_passes_its_test() {
    let folder = support::folder();
    let checkout = support::root();
    let checkout = checkout.to_str().expect("a UTF-8 path");
    protoloop(
        folder.path(),
        &["new", "book-shop", "--protoloop-path", checkout],
    )
    .succeeded();
    let project = folder.path().join("book-shop");
    cargo(&project, &["test"]).succeeded();
    cargo(
        &project,
        &["clippy", "--all-targets", "--", "-D", "warnings"],
    )
    .succeeded();
    cargo(&project, &["fmt", "--check"]).succeeded();
}

#[test]
fn a_name_that_cannot_be_a_crate_is_refused() {
    let folder = support::folder();
    for name in ["1shop", "a b", "../shop", "-x", "", "fn", "core", "deps"] {
        let ran = protoloop(folder.path(), &["new", "--", name]);
        assert_eq!(ran.code, Some(1), "{name}: {ran}");
        assert!(ran.stderr.contains(name), "{name}: {ran}");
    }
}

#[test]
fn a_folder_that_is_there_is_left_alone() {
    let folder = support::folder();
    std::fs::create_dir(folder.path().join("shop")).expect("the folder is ours");
    let ran = protoloop(folder.path(), &["new", "shop", "--zero-code"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("shop"), "{ran}");
    assert_eq!(
        std::fs::read_dir(folder.path().join("shop"))
            .expect("it is there")
            .count(),
        0
    );
}

/// Cargo in a project, with the dependencies that this repository has locked and mostly built already.
#[track_caller]
fn cargo(project: &Path, arguments: &[&str]) -> Ran {
    let lock = support::root().join("Cargo.lock");
    std::fs::copy(lock, project.join("Cargo.lock")).expect("the project's folder can be written");
    let target = Path::new(PROTOLOOP)
        .parent()
        .and_then(Path::parent)
        .expect("it lies in target/debug");
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(PROFILE)
        .args(arguments)
        .current_dir(project)
        .env("CARGO_TARGET_DIR", target);
    run(&mut command)
}

/// This repository's profile: built by another one, every dependency would be built again.
const PROFILE: [&str; 4] = [
    "--config",
    "profile.dev.debug='line-tables-only'",
    "--config",
    "profile.dev.package.'*'.debug=false",
];

/// The PATH with the folder of the binary under test in front.
fn path_with_protoloop() -> std::ffi::OsString {
    let folder = Path::new(PROTOLOOP)
        .parent()
        .expect("it lies in a folder")
        .to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(folder).chain(env::split_paths(&path)))
        .expect("no path holds a separator")
}
