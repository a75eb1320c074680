//! Programs of others that the tests drive, one file a kind.
//!
//! Each is found on the machine or installed below `.cache/`; what cannot be had is a reason in words, never a silent
//! gap. Tests learn both by environment variables, see `tests/it/support/tools.rs`.

mod browser;
mod buf;
mod cargo_fuzz;
mod conformance;
mod connect;
mod databases;
mod kubernetes;
mod peers;
mod promtool;
mod python;
mod system;

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
};

pub(crate) use buf::find as buf;
pub(crate) use cargo_fuzz::find as cargo_fuzz;
pub(crate) use databases::WITH_MYSQL;
pub(crate) use kubernetes::{cluster, helm};
pub(crate) use peers::all as peers;

/// Where a tool is, or why it is not there.
type Found = Result<PathBuf, String>;

/// Finds a tool, or installs it for the repository at this root.
type Find = fn(&Path) -> Found;

/// A tool and the environment variable that tells the tests where it is.
#[derive(Debug)]
pub(crate) struct Tool {
    /// `PROTOLOOP_TEST_BUF`; where the tool is missing, `PROTOLOOP_TEST_BUF_MISSING` carries the reason.
    pub(crate) variable: &'static str,
    pub(crate) found: Found,
}

impl Tool {
    /// Whether tests are skipped without it also where skipping is forbidden: it takes minutes, and what it is made of comes and
    /// goes.
    pub(crate) fn may_miss(&self) -> bool {
        self.variable == "PROTOLOOP_TEST_MYSQL"
    }
}

/// How each tool is had, in the order in which they are listed.
const KINDS: [(&str, Find); 16] = [
    ("PROTOLOOP_TEST_CURL", |_| system::need("curl", "curl")),
    ("PROTOLOOP_TEST_SQLMAP", |_| {
        system::need("sqlmap", "sqlmap")
    }),
    ("PROTOLOOP_TEST_PYTHON", python::find),
    ("PROTOLOOP_TEST_POSTGRES", databases::postgres),
    ("PROTOLOOP_TEST_MARIADB", databases::mariadb),
    ("PROTOLOOP_TEST_MYSQL", databases::mysql),
    ("PROTOLOOP_TEST_BUF", buf::find),
    ("PROTOLOOP_TEST_ENVOY", peers::envoy),
    ("PROTOLOOP_TEST_CHROMIUM", browser::chromium),
    ("PROTOLOOP_TEST_BROWSER_PACKAGES", browser::packages),
    ("PROTOLOOP_CONFORMANCE_RUNNER", conformance::find),
    ("PROTOLOOP_CONNECT_CONFORMANCE", connect::find),
    ("PROTOLOOP_TEST_CLUSTER", kubernetes::cluster),
    ("PROTOLOOP_TEST_HELM", kubernetes::helm),
    ("PROTOLOOP_TEST_GRPCURL", kubernetes::grpcurl),
    ("PROTOLOOP_TEST_PROMTOOL", promtool::find),
];

/// Finds or installs all of them, at the same time since most of it is waiting for the network.
pub(crate) fn all(root: &Path) -> Vec<Tool> {
    thread::scope(|scope| {
        let running = KINDS.map(|(variable, find)| (variable, scope.spawn(move || find(root))));
        let finish = |(variable, thread): (_, thread::ScopedJoinHandle<'_, Found>)| Tool {
            variable,
            found: thread
                .join()
                .unwrap_or_else(|_| Err("its set-up broke off".to_owned())),
        };
        running.map(finish).into()
    })
}

/// Tells a command, and what it starts, about a tool.
pub(crate) fn announce(tool: &Tool, command: &mut Command) {
    let missing = format!("{}_MISSING", tool.variable);
    match &tool.found {
        Ok(path) => command.env(tool.variable, path).env_remove(missing),
        Err(reason) => command.env_remove(tool.variable).env(missing, reason),
    };
}

/// The folder below `.cache/` that belongs to one tool, made if need be.
fn cache(root: &Path, name: &str) -> Found {
    let folder = root.join(".cache").join(name);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(folder)
}
