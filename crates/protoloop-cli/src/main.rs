//! The `protoloop` command.

mod args;
mod commands;
mod datasource;
mod output;
mod routes;

use std::process::ExitCode;

use clap::Parser;

/// Of every call through a gateway a tenth went to the C library's allocator.
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(args::Arguments::parse()) {
        Ok(code) => code,
        Err(failure) => {
            output::failure(&failure);
            failure.exit_code()
        }
    }
}
