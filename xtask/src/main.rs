//! Chores of this repository: `cargo xtask <task>`.

mod codegen;

use std::{path::Path, process::ExitCode};

/// What a task answers; the text of an error is shown as it is.
type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: cargo xtask codegen [--check]";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match *arguments {
        ["codegen"] => codegen::run(root(), codegen::Mode::Write),
        ["codegen", "--check"] => codegen::run(root(), codegen::Mode::Check),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&*error);
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the root")
}

#[allow(
    clippy::print_stderr,
    reason = "a command line program speaks to its terminal"
)]
fn complain(error: &dyn std::error::Error) {
    eprintln!("{error}");
}
