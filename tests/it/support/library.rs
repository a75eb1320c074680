//! A server in Python that serves `tests/fixtures/library.proto`, for the gateway to stand in front of.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{fixture, http, root, run, served::Served, tools};

/// What every test of it needs: the interpreter, and a folder with the descriptor set.
pub(crate) struct Library {
    python: PathBuf,
    folder: tempfile::TempDir,
}

impl Library {
    /// `None` where there is no Python; see [`tools::find`].
    pub(crate) fn new() -> Option<Self> {
        let python = tools::python()?;
        let library = Self {
            python,
            folder: super::folder(),
        };
        library.write_descriptors(&fixture("library.proto"), "library.binpb");
        Some(library)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The descriptor set of the library.
    pub(crate) fn descriptors(&self) -> PathBuf {
        self.path("library.binpb")
    }

    /// Compiles a file into a descriptor set in the folder, in one step for whoever watches it.
    pub(crate) fn write_descriptors(&self, source: &Path, name: &str) {
        let temporary = self.path("new.binpb");
        let (source, output) = (
            source.to_str().expect("UTF-8"),
            temporary.to_str().expect("UTF-8"),
        );
        run::protoloop(&root(), &["generate", "descriptor", source, "-o", output]).succeeded();
        std::fs::rename(&temporary, self.path(name)).expect("same folder");
    }

    pub(crate) fn start(&self) -> Upstream {
        self.start_at(0, &[])
    }

    /// Starts the server at a port, 0 for a free one, and waits until it listens.
    pub(crate) fn start_at(&self, port: u16, tls: &[PathBuf]) -> Upstream {
        let mut process = Command::new(&self.python)
            .arg(root().join("tests/foreign/upstream.py"))
            .arg(self.descriptors())
            .arg(port.to_string())
            .args(tls)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("it is piped"));
        out.read_line(&mut line).expect("a pipe");
        let port = line
            .trim()
            .strip_prefix("listening ")
            .and_then(|port| port.parse().ok());
        let Some(port) = port else {
            let mut why = String::new();
            let pipe = process.stderr.take();
            let _ = pipe.expect("it is piped").read_to_string(&mut why);
            panic!("the upstream does not start: {why}");
        };
        Upstream { process, port }
    }

    /// A script of `tests/foreign` with one argument; it must say `ok`.
    #[track_caller]
    pub(crate) fn script(&self, name: &str, argument: &str) {
        let script = root().join("tests/foreign").join(name);
        let ran = run::run(Command::new(&self.python).arg(script).arg(argument)).succeeded();
        assert_eq!(ran.stdout.trim(), "ok");
    }
}

/// The server process; killed when dropped.
pub(crate) struct Upstream {
    process: Child,
    pub(crate) port: u16,
}

impl Upstream {
    /// `http://127.0.0.1:50051`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the upstream behind a gateway has counted.
#[track_caller]
pub(crate) fn count(gateway: &Served, what: &str) -> i64 {
    let report = http::get(gateway.address(), "/v1/report");
    assert_eq!(report.status, 200, "{}", report.text());
    match &report.json()["counts"][what] {
        Value::Null => 0,
        number => number.as_i64().expect("a number"),
    }
}
