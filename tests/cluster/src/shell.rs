//! Other programs, run so that a failure tells what went wrong.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Failure;

/// The full path of a program on the PATH, or in the folders that only an administrator has there.
#[must_use]
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Runs a command to its end and gives its standard output.
///
/// # Errors
/// The command, its status and the last lines that it wrote to standard error.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", shown(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(failed(&shown(command), &output))
}

fn failed(name: &str, output: &Output) -> Failure {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = errors
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(6)..].join("\n  ");
    format!("{name}: {}: {last}", output.status)
}

/// The program and its arguments as one would type them.
#[must_use]
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Asks again and again until there is an answer.
///
/// # Errors
/// The last refusal, once `patience` is over.
#[allow(
    clippy::disallowed_methods,
    reason = "other programs are asked, and no runtime is at work here"
)]
pub fn wait<T>(
    what: &str,
    patience: Duration,
    mut ask: impl FnMut() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let began = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return Ok(answer),
            Err(refusal) if began.elapsed() > patience => {
                return Err(format!("{what}: not after {patience:?}: {refusal}"));
            }
            Err(_) => thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Writes a file whose folder exists.
///
/// # Errors
/// The path and what the system says.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Makes a folder and those above it.
///
/// # Errors
/// The path and what the system says.
pub fn make_folder(path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(path).map_err(|error| format!("{}: {error}", path.display()))
}
