//! Other programs, started so that a failure tells what went wrong.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The cargo that started this program.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    command
}

/// The folder that cargo builds into.
pub(crate) fn target(root: &Path) -> Result<PathBuf, String> {
    let mut metadata = cargo(root);
    metadata.args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    let text = output(&mut metadata)?;
    let found = text
        .split_once(r#""target_directory":""#)
        .and_then(|(_, rest)| rest.split_once('"'));
    let found = found.ok_or("cargo metadata names no target_directory")?;
    Ok(PathBuf::from(found.0))
}

/// The full path of a program on the PATH.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// Runs a command to its end and gives its standard output.
///
/// # Errors
///
/// One line that names the command and ends with the last thing it said.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let name = shown(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last: Vec<_> = errors
        .lines()
        .filter(|line| !line.trim().is_empty())
        .rev()
        .take(3)
        .collect();
    let last = last.into_iter().rev().collect::<Vec<_>>().join(" / ");
    Err(format!("{name}: {}: {last}", output.status))
}

/// The program and its arguments as one would type them.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
