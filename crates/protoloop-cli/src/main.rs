//! The `protoloop` command.

mod args;
mod commands;
mod datasource;
mod output;
mod routes;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match commands::run(args::Arguments::parse()) {
        Ok(code) => code,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}
