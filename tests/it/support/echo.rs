//! A server in Python that answers with what it was asked, for a gateway to stand in front of.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use super::{fixture, http, root, run};

/// The server of `tests/foreign/echo.py`; killed when dropped.
pub(crate) struct Echo {
    process: Child,
    pub(crate) port: u16,
    /// Where it tells what arrived.
    pub(crate) report: SocketAddr,
    pub(crate) descriptors: PathBuf,
    pub(crate) folder: tempfile::TempDir,
}

impl Echo {
    pub(crate) fn start(python: &Path) -> Self {
        let folder = super::folder();
        let descriptors = folder.path().join("shapes.binpb");
        let source = fixture("shapes.proto");
        let (source, output) = (source.to_str(), descriptors.to_str());
        let (source, output) = (source.expect("UTF-8"), output.expect("UTF-8"));
        run::protoloop(&root(), &["generate", "descriptor", source, "-o", output]).succeeded();
        let mut process = Command::new(python)
            .arg("-B")
            .arg(root().join("tests/foreign/echo.py"))
            .arg(&descriptors)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let mut out = BufReader::new(process.stdout.take().expect("it is piped"));
        out.read_line(&mut line).expect("a pipe");
        let mut ports = line
            .split_whitespace()
            .filter_map(|word| word.parse::<u16>().ok());
        let (Some(port), Some(report)) = (ports.next(), ports.next()) else {
            panic!("the upstream does not start: {line:?}");
        };
        Self {
            process,
            port,
            report: SocketAddr::from(([127, 0, 0, 1], report)),
            descriptors,
            folder,
        }
    }

    /// `http://127.0.0.1:50051`.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What the call with this `x-case` brought: its method and messages, or null.
    #[track_caller]
    pub(crate) fn arrived(&self, case: &str) -> Value {
        http::get(self.report, &format!("/{case}")).json()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
