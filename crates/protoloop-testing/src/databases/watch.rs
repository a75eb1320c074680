//! A server that does not outlive us.
//!
//! A shell of its own session starts the server and reads our commands from a pipe. The pipe closes when this process ends,
//! be it killed; then the shell kills the server and removes its folder.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use super::programs::Place;

/// `$1` is the folder, the rest is the server's command.
const SCRIPT: &str = r#"
folder=$1; shift
start() { setsid "$@" </dev/null >>"$folder/log" 2>&1 & pid=$!; }
stop() { [ -n "$pid" ] && kill -s KILL -- "-$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
start "$@"
while read -r word; do
  case $word in
    kill) stop ;;
    start) stop; start "$@" ;;
  esac
  echo done
done
stop
rm -rf "$folder"
"#;

#[derive(Debug)]
pub(super) struct Watched {
    folder: PathBuf,
    shell: Mutex<Shell>,
}

#[derive(Debug)]
struct Shell {
    child: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Watched {
    /// Starts a server.
    pub(super) fn start(place: &Place, server: &Command) -> Result<Self, String> {
        let mut shell = Command::new("setsid");
        shell
            .args(["sh", "-c", SCRIPT, "watch"])
            .arg(&place.folder)
            .arg(server.get_program())
            .args(server.get_args())
            .current_dir(&place.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        for (name, value) in server.get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
        let mut child = shell.spawn().map_err(|error| format!("setsid: {error}"))?;
        let (Some(commands), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the shell has no pipes".to_owned());
        };
        Ok(Self {
            folder: place.folder.clone(),
            shell: Mutex::new(Shell {
                child,
                commands: Some(commands),
                answers: BufReader::new(answers),
            }),
        })
    }

    /// Gives a command and waits until it is done.
    pub(super) fn tell(&self, word: &str) {
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        let shell = &mut *shell;
        let Some(commands) = &mut shell.commands else {
            return;
        };
        writeln!(commands, "{word}").expect("the watching shell reads");
        let mut answer = String::new();
        let read = shell.answers.read_line(&mut answer);
        read.expect("the watching shell answers");
    }

    /// The end of what the server said.
    pub(super) fn log(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        shell.commands.take();
        // What it leaves, if anything, is a temporary folder.
        let _ = shell.child.wait();
    }
}
