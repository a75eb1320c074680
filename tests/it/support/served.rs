//! A running `protoloop serve` or `protoloop gateway`.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, JoinHandle},
};

use super::PROTOLOOP;

/// A server process; killed when dropped.
pub(crate) struct Served {
    process: Child,
    address: SocketAddr,
    out: Option<JoinHandle<String>>,
    log: Option<JoinHandle<String>>,
}

/// What a server left behind that was asked to end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Standard output: what is for people.
    pub(crate) out: String,
    /// Standard error: the log.
    pub(crate) log: String,
}

impl Served {
    /// Starts `protoloop serve PATH --db DB` on a free port and waits until it says that it is ready.
    pub(crate) fn start(path: &Path, db: &str) -> Self {
        Self::start_with(path, db, &[])
    }

    /// The same with further arguments.
    pub(crate) fn start_with(path: &Path, db: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROTOLOOP);
        command
            .arg("serve")
            .arg(path)
            .args(["--db", db])
            .args(arguments);
        Self::spawn(&mut command)
    }

    /// Starts `protoloop serve --db DB` in a folder, without naming any file.
    pub(crate) fn start_in(folder: &Path, db: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new(PROTOLOOP);
        command
            .args(["serve", "--db", db])
            .args(arguments)
            .current_dir(folder);
        Self::spawn(&mut command)
    }

    /// Starts `protoloop gateway` with these arguments, in the same way.
    pub(crate) fn gateway(arguments: &[&str]) -> Self {
        Self::spawn(Command::new(PROTOLOOP).arg("gateway").args(arguments))
    }

    /// Starts a command that serves, with variables in its environment.
    pub(crate) fn told(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let variables = variables.iter().copied();
        Self::spawn(Command::new(PROTOLOOP).args(arguments).envs(variables))
    }

    fn spawn(command: &mut Command) -> Self {
        for (name, value) in [("--log-format", "json"), ("--listen", "127.0.0.1:0")] {
            if !command.get_args().any(|given| given == name) {
                command.args([name, value]);
            }
        }
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = collect(process.stderr.take().expect("it is piped"));
        let (sender, ready) = mpsc::channel();
        let out = watch(process.stdout.take().expect("it is piped"), sender);
        let Ok(address) = ready.recv() else {
            let _ = process.kill();
            let _ = process.wait();
            panic!(
                "it ended without a ready line:\n{}",
                log.join().unwrap_or_default()
            );
        };
        Self {
            process,
            address,
            out: Some(out),
            log: Some(log),
        }
    }

    /// `127.0.0.1:54321`.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:54321`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends it by SIGKILL, as a crash would.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }

    /// Ends it by SIGTERM.
    pub(crate) fn terminate(mut self) -> Ended {
        assert!(self.is_alive(), "the server had ended by itself");
        let id = self.process.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the server had ended by itself");
        let status = self.process.wait().expect("it ends");
        let text = |pipe: Option<JoinHandle<String>>| {
            pipe.expect("taken once")
                .join()
                .expect("reading does not panic")
        };
        Ended {
            status,
            out: text(self.out.take()),
            log: text(self.log.take()),
        }
    }

    /// Sends a signal by its name, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &id])
            .status();
        assert!(
            sent.expect("kill runs").success(),
            "the server had ended by itself"
        );
    }

    /// Whether the process still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.try_wait().expect("it can be asked").is_none()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads a pipe to its end, so that the process never blocks on it.
fn collect(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

/// The same, and tells the address of the first line that shows one.
fn watch(pipe: impl Read + Send + 'static, ready: mpsc::Sender<SocketAddr>) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut ready = Some(ready);
        let mut text = String::new();
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some(address) = address_in(&line)
                && let Some(ready) = ready.take()
            {
                let _ = ready.send(address);
            }
            text.push_str(&line);
            text.push('\n');
        }
        text
    })
}

/// The address in the ready line's `http://ADDRESS`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("://")?.1;
    rest.split(|c: char| c == '/' || c.is_whitespace())
        .next()?
        .parse()
        .ok()
}
