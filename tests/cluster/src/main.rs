//! A cluster for tests, which run it as a process of its own. People say `cargo xtask cluster`.

use std::{env, io::Write as _, path::Path, process::ExitCode};

use protoloop_cluster::{Failure, command};

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(failure) => {
            // Where not even this can be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Failure> {
    let programs = env::var_os("PROTOLOOP_TEST_CLUSTER")
        .ok_or("PROTOLOOP_TEST_CLUSTER is not set; use `cargo xtask cluster`")?;
    let words = command::words(env::args_os().skip(1))?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let status = command::run(Path::new(&programs), &words)?;
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
