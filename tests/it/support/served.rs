//! A running `protoloop serve`.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread::JoinHandle,
};

use super::PROTOLOOP;

/// A server process; killed when dropped.
pub(crate) struct Served {
    process: Child,
    address: SocketAddr,
    log: Option<JoinHandle<String>>,
}

impl Served {
    /// Starts `protoloop serve PATH --db DB` on a free port and waits until it says that it is ready.
    pub(crate) fn start(path: &Path, db: &str) -> Self {
        let mut process = Command::new(PROTOLOOP)
            .arg("serve")
            .arg(path)
            .args(["--db", db, "--listen", "127.0.0.1:0", "--log-format", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = collect(process.stderr.take().expect("it is piped"));
        let mut lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
        let Some(address) = address else {
            let _ = process.kill();
            panic!("it ended without a ready line:\n{}", log.join().unwrap_or_default());
        };
        collect_rest(lines);
        Self { process, address, log: Some(log) }
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

    /// Ends it by SIGTERM and gives its exit status and its log.
    pub(crate) fn terminate(mut self) -> (ExitStatus, String) {
        let id = self.process.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(sent.success(), "the server had ended by itself");
        let status = self.process.wait().expect("it ends");
        (status, self.log.take().expect("taken once").join().expect("the log is text"))
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
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let _ = pipe.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

fn collect_rest(lines: impl Iterator<Item = std::io::Result<String>> + Send + 'static) {
    std::thread::spawn(move || lines.for_each(drop));
}

/// The address in the ready line's `http://ADDRESS`.
fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("://")?.1;
    rest.split(|c: char| c == '/' || c.is_whitespace()).next()?.parse().ok()
}
