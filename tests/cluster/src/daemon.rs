//! Programs that run in the background: their process ids and logs lie in the state folder, so that another process may
//! end them.

use std::{
    fs::{self, File},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    Failure,
    shell::{self, output, shown},
};

/// How long a program may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(3);

/// Starts `command` as `name`, in a process group of its own so that an interrupt at the terminal does not reach it.
pub(crate) fn start(state: &Path, name: &str, command: &mut Command) -> Result<(), Failure> {
    let log = log_of(state, name);
    let failed = |error: std::io::Error| format!("{}: {error}", log.display());
    let out = File::create(&log).map_err(failed)?;
    let errors = out.try_clone().map_err(failed)?;
    let child = command
        .current_dir(state)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{}: {error}", shown(command)))?;
    shell::write(&id_file(state, name), &child.id().to_string())
}

/// Waits until `ask` is answered; the log of the program that it waits for is part of the failure.
pub(crate) fn ready(
    state: &Path,
    name: &str,
    patience: Duration,
    ask: impl FnMut() -> Result<(), Failure>,
) -> Result<(), Failure> {
    shell::wait(name, patience, ask).map_err(|failure| {
        let log = fs::read_to_string(log_of(state, name)).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(20)..].join("\n");
        format!("{failure}\nthe end of its log:\n{last}")
    })
}

/// The names of all that was started.
pub(crate) fn started(state: &Path) -> Vec<String> {
    let entries = fs::read_dir(state).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".pid").map(str::to_owned)
        })
        .collect()
}

/// Ends a program: asks it to, and kills it when it does not in time.
pub(crate) fn stop(state: &Path, name: &str) {
    let file = id_file(state, name);
    let Some(id) = fs::read_to_string(&file)
        .ok()
        .and_then(|id| id.parse().ok())
    else {
        return;
    };
    signal(id, "TERM");
    let gone = || match is_running(id) {
        true => Err("it runs on".to_owned()),
        false => Ok(()),
    };
    if shell::wait(name, PATIENCE, gone).is_err() {
        signal(id, "KILL");
    }
    // Left behind, it would only be read again by the next one to clean up.
    let _ = fs::remove_file(file);
}

/// Sends a signal to a process that may be gone by now.
pub(crate) fn signal(id: u32, name: &str) {
    let _ = output(
        Command::new("kill")
            .arg(format!("-{name}"))
            .arg(id.to_string()),
    );
}

/// Whether a process runs; one that has ended and that nobody asked about yet does not.
fn is_running(id: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").map(|(_, rest)| rest);
    state.is_some_and(|rest| !rest.starts_with(['Z', 'X']))
}

fn id_file(state: &Path, name: &str) -> PathBuf {
    state.join(format!("{name}.pid"))
}

fn log_of(state: &Path, name: &str) -> PathBuf {
    state.join("logs").join(format!("{name}.log"))
}
