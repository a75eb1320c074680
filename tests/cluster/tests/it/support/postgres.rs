//! A PostgreSQL of one test: a process of the node, which pods reach at its address.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use protoloop_cluster::{NODE_ADDRESS, shell};
use tempfile::TempDir;

use super::{find, namespace::Namespace};

/// The server refuses to run as root. setpriv becomes the program that it starts, so that signals reach that.
const AS_POSTGRES: [&str; 4] = [
    "--reuid=postgres",
    "--regid=postgres",
    "--clear-groups",
    "--",
];

/// A server that ends with the test.
pub(crate) struct Postgres {
    server: Child,
    port: u16,
    _data: TempDir,
}

impl Postgres {
    /// Starts one in the cluster's network; each test has a port of its own.
    pub(crate) fn start(here: &Namespace, port: u16) -> Option<Self> {
        let program = find("PROTOLOOP_TEST_POSTGRES")?;
        // A link does not lie beside the others.
        let program = program.canonicalize().expect("it was found");
        let data = tempfile::tempdir().expect("a temporary folder");
        let own = Command::new("chown")
            .arg("postgres")
            .arg(data.path())
            .status();
        assert!(
            own.is_ok_and(|status| status.success()),
            "the package brings the user"
        );
        let cluster = data.path().join("cluster");
        let mut init = as_postgres(&sibling(&program, "initdb"));
        init.args(["--no-sync", "--auth=trust", "--username=shop", "--pgdata"]);
        shell::output(init.arg(&cluster)).unwrap_or_else(|failure| panic!("{failure}"));
        let rule = "host all all 10.0.0.0/8 trust\n";
        std::fs::write(cluster.join("pg_hba.conf"), rule).expect("root may");
        let server = here
            .cluster
            .command("setpriv")
            .args(AS_POSTGRES)
            .arg(&program)
            .arg("-D")
            .arg(&cluster)
            .args(["-h", NODE_ADDRESS, "-p", &port.to_string(), "-k", "", "-F"])
            .args(["-c", "max_connections=200"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv is part of util-linux");
        let started = Self {
            server,
            port,
            _data: data,
        };
        started.wait(here, &sibling(&program, "pg_isready"));
        Some(started)
    }

    fn wait(&self, here: &Namespace, pg_isready: &Path) {
        let port = self.port.to_string();
        let ready = || {
            let mut command = here.cluster.command(pg_isready);
            shell::output(command.args(["-h", NODE_ADDRESS, "-p", &port])).map(drop)
        };
        let ready = shell::wait("PostgreSQL", Duration::from_secs(30), ready);
        ready.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Where pods find it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://shop@{NODE_ADDRESS}:{}/postgres", self.port)
    }
}

fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(AS_POSTGRES).arg(program).current_dir("/");
    command
}

/// The server's other programs lie beside it.
fn sibling(program: &Path, name: &str) -> PathBuf {
    program.with_file_name(name)
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once: nobody wants the data.
        let _ = shell::output(Command::new("kill").args(["-QUIT", &self.server.id().to_string()]));
        let _ = self.server.wait();
    }
}
