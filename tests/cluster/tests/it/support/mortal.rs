//! An operator that is killed again and again.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use protoloop_cluster::Cluster;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{built, images::PROTOLOOP, namespace::Namespace};

/// The shortest life, and what is added to it at most: from hardly connected to having done its work.
const SHORTEST: Duration = Duration::from_millis(250);
const MORE: u64 = 1250;

/// An operator as a process of the node, which logs in as the account of the chart's. As soon as it is killed the next one starts:
/// a pod would wait longer each time.
pub(crate) struct Mortal {
    over: Arc<AtomicBool>,
    life: Option<JoinHandle<u32>>,
    folder: TempDir,
}

impl Mortal {
    /// Starts one in place of the chart's, whose pods go.
    pub(crate) fn instead_of(here: &Namespace, release: &str) -> Self {
        let deployment = format!("deployment/{release}");
        here.kubectl(&["scale", &deployment, "--replicas=0"]);
        let selector = format!("--selector=app.kubernetes.io/instance={release}");
        here.kubectl(&["wait", "--for=delete", "pod", &selector, "--timeout=60s"]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let config = config(here, release, folder.path());
        let over = Arc::new(AtomicBool::new(false));
        let log = folder.path().join("operator.log");
        let (stop, cluster, namespace) = (Arc::clone(&over), here.cluster, here.name);
        let life = thread::spawn(move || live(&stop, || start(cluster, namespace, &config, &log)));
        Self {
            over,
            life: Some(life),
            folder,
        }
    }

    /// Ends it for good, has the chart's work again, and answers how often it was killed.
    pub(crate) fn rest(mut self, here: &Namespace, release: &str) -> u32 {
        self.over.store(true, Ordering::Relaxed);
        let life = self.life.take().expect("it ends once");
        let kills = life.join().expect("nothing in it panics");
        let deployment = format!("deployment/{release}");
        here.kubectl(&["scale", &deployment, "--replicas=1"]);
        here.kubectl(&["rollout", "status", &deployment, "--timeout=2m"]);
        kills
    }
}

impl Drop for Mortal {
    #[allow(clippy::print_stderr, reason = "the harness shows it with the failure")]
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(life) = self.life.take() {
            // It has panicked itself, or ends now.
            let _ = life.join();
        }
        if thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("operator.log"));
            let log = log.unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            eprintln!("{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

/// Starts one after the other and kills each, until it is over.
fn live(over: &AtomicBool, start: impl Fn() -> Child) -> u32 {
    let mut kills = 0;
    loop {
        let mut operator = start();
        let end = Instant::now() + SHORTEST + Duration::from_millis(any() % MORE);
        while Instant::now() < end && !over.load(Ordering::Relaxed) {
            thread::park_timeout(Duration::from_millis(20));
        }
        operator.kill().expect("it is ours");
        let status = operator.wait().expect("it was started");
        // One that ended by itself was not killed.
        kills += u32::from(status.code().is_none());
        if over.load(Ordering::Relaxed) {
            return kills;
        }
    }
}

/// Some number: nobody needs it to be a good one.
fn any() -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(Instant::now())
}

fn start(cluster: &Cluster, namespace: &str, config: &Path, log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log);
    let mut command: Command = cluster.command(built("protoloop-operator"));
    command
        .env("KUBECONFIG", config)
        .args(["--namespaces", namespace, "--lease-namespace", namespace])
        // The same name each time: whoever holds the Lease under it goes on at once.
        .args(["--identity", "mortal", "--lease-seconds", "3"])
        .args(["--image", PROTOLOOP, "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.expect("the folder is ours"))
        .spawn()
        .expect("it was just built")
}

/// The administrator's configuration with the account's token in place of the certificate.
fn config(here: &Namespace, account: &str, folder: &Path) -> PathBuf {
    let text = here.kubectl(&["config", "view", "--raw", "--output=json"]);
    let mut config: Value = serde_json::from_str(&text).expect("kubectl writes JSON");
    let token = here.kubectl(&["create", "token", account, "--duration=1h"]);
    config["users"][0]["user"] = json!({"token": token.trim()});
    let path = folder.join("operator.conf");
    fs::write(&path, config.to_string()).expect("the folder is ours");
    path
}
