//! Helm, offline and on the cluster.

use std::{path::Path, process::Command};

use protoloop_cluster::shell;
use serde_json::Value;

use super::{find, namespace::Namespace, root};

/// The `helm` command, which keeps nothing of its own.
pub(crate) fn helm() -> Option<Command> {
    let mut command = Command::new(find("PROTOLOOP_TEST_HELM")?);
    alone(&mut command);
    Some(command)
}

fn alone(command: &mut Command) {
    command
        .env("HELM_CACHE_HOME", "/nonexistent")
        .env("HELM_CONFIG_HOME", "/nonexistent");
}

/// A chart of the repository.
pub(crate) fn chart(name: &str) -> String {
    root().join("helm").join(name).display().to_string()
}

/// The documents of a YAML text.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let all: Vec<Value> = serde_saphyr::from_multiple(text).expect("helm writes YAML");
    all.into_iter().filter(|value| !value.is_null()).collect()
}

impl Namespace {
    /// Runs helm on the cluster.
    pub(crate) fn try_helm(&self, arguments: &[&str]) -> Result<String, String> {
        let program = find("PROTOLOOP_TEST_HELM").ok_or("there is no helm")?;
        let mut command = self.cluster.command(program);
        alone(&mut command);
        shell::output(command.args(["--namespace", self.name]).args(arguments))
    }

    #[track_caller]
    pub(crate) fn helm(&self, arguments: &[&str]) -> String {
        self.try_helm(arguments)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }
}

/// `--set-file` for a schema of one file.
pub(crate) fn schema_file(key: &str, path: &Path) -> String {
    format!(
        "schema.files.{}={}",
        key.replace('.', "\\."),
        path.display()
    )
}
