//! `cargo xtask peers`: our gateway against others, in front of the same upstream.

use std::path::Path;

use crate::{Fallible, console, process, tools};

/// The schema that every gateway serves.
const PROTO: &str = "benches/proto/peers/todo.proto";

/// Builds ours, installs the others below `.cache/`, and runs the race. One that cannot be had is left out with its reason.
pub(crate) fn run(root: &Path) -> Fallible<()> {
    let mut build = process::cargo(root);
    build.args(["build", "--quiet", "--release", "-p", "protoloop-cli"]);
    process::output(&mut build)?;
    let ours = process::target(root)?.join("release/protoloop");
    let descriptors = root.join(".cache/peers/todo.binpb");
    std::fs::create_dir_all(root.join(".cache/peers"))?;
    let mut generate = std::process::Command::new(&ours);
    generate.args([
        "generate",
        "descriptor",
        PROTO,
        "-I",
        "proto",
        "-I",
        "benches/proto",
        "-o",
    ]);
    process::output(generate.arg(&descriptors).current_dir(root))?;
    let mut race = process::cargo(root);
    race.args([
        "bench",
        "--profile",
        "release",
        "--quiet",
        "-p",
        "protoloop-benches",
        "--bench",
        "peers",
    ])
    .env("PROTOLOOP_PEER_PROTOLOOP", &ours)
    .env("PROTOLOOP_PEER_DESCRIPTORS", &descriptors);
    for tool in tools::peers(root, &descriptors) {
        if let Err(reason) = &tool.found {
            console::note(format_args!("{} is missing: {reason}", tool.variable));
        }
        tools::announce(&tool, &mut race);
    }
    let status = race.status()?;
    if status.success() {
        return Ok(());
    }
    Err(format!("the race broke off: {status}").into())
}
