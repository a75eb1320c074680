//! `protoloop-manifests ROOT [--check]`, run by `cargo xtask kubernetes`.

use std::{env, io::Write as _, path::Path, process::ExitCode};

use protoloop_manifests::{Failure, files};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where not even this can be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        [root] => files::write(Path::new(root)),
        [root, "--check"] => files::check(Path::new(root)),
        _ => Err("usage: protoloop-manifests ROOT [--check]".to_owned()),
    }
}
