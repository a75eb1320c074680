//! `protoloop completions`.

use std::process::ExitCode;

use clap::CommandFactory;

use crate::{
    args::{Arguments, Completions},
    output,
};

pub(crate) fn run(arguments: &Completions) -> ExitCode {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "protoloop",
        &mut script,
    );
    output::raw(&script);
    ExitCode::SUCCESS
}
