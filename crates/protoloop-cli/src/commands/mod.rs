//! One file a command.

mod check;
mod completions;
#[cfg(feature = "kubernetes")]
mod deploy;
mod discover;
mod gateway;
mod generate;
mod migrate;
mod new;
mod serve;
mod surface;
#[cfg(feature = "metrics")]
mod telemetry;
#[cfg(not(feature = "metrics"))]
#[path = "telemetry_off.rs"]
mod telemetry;

use std::process::ExitCode;

use protoloop_build::Compiled;

use crate::{
    args::{Arguments, Command, Generate, Sources},
    output::Failure,
};

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    match arguments.command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Gateway(arguments) => gateway::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        #[cfg(feature = "kubernetes")]
        Command::Deploy(arguments) => deploy::run(&arguments),
        Command::Discover(arguments) => discover::run(&arguments),
        Command::Migrate(command) => migrate::run(&command),
        Command::New(arguments) => new::run(&arguments),
        Command::Generate(Generate::Proto(arguments)) => generate::proto(&arguments),
        Command::Generate(Generate::Descriptor(arguments)) => generate::descriptor(&arguments),
        Command::Completions(arguments) => Ok(completions::run(&arguments)),
    }
}

/// Compiles what a command was given.
fn compile(sources: &Sources) -> Result<Compiled, Failure> {
    Ok(protoloop_build::compile(&sources.paths, &sources.includes)?)
}
