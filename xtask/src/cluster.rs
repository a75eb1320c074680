//! `cargo xtask cluster`: the cluster of the tests, for people.

use std::{path::Path, process::ExitCode};

use protoloop_cluster::command;

use crate::{Fallible, console, tools};

/// Builds what is missing, then does what the words say.
pub(crate) fn run(root: &Path, words: &[&str]) -> Fallible<ExitCode> {
    let programs = tools::cluster(root)?;
    if words == ["build"] {
        console::say(programs.display());
        return Ok(ExitCode::SUCCESS);
    }
    let status = command::run(&programs, words)?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
