//! A cluster per test, and the operators in it.

#[path = "../../../../../tests/it/support/find.rs"]
mod find;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use protoloop_cluster::{Cluster, Parts, Settings};
use serde_json::{Value, json};

/// One at a time: each is an API server and its store.
static ONE: Mutex<()> = Mutex::new(());

/// An API server with the definition of Microservices, and a namespace to work in.
pub(crate) struct World {
    cluster: Cluster,
    operators: Vec<Child>,
    folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// The namespace that tests work in.
pub(crate) const NAMESPACE: &str = "demo";

impl World {
    /// A new one; `None` where there cannot be one.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let programs = find::find("PROTOLOOP_TEST_CLUSTER")?;
        let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a folder");
        let policy = folder.path().join("policy.yaml");
        fs::write(&policy, POLICY).expect("a file");
        let settings = Settings {
            audit_policy: Some(policy),
            parts: Parts::ApiServer,
            ..Settings::named(&format!("op-{name}"), &programs)
        };
        let cluster = Cluster::of(settings);
        cluster
            .down()
            .expect("what a killed run has left can be removed");
        cluster.up().expect("an API server");
        let world = Self {
            cluster,
            operators: Vec::new(),
            folder,
            _turn: turn,
        };
        world.kubectl(&["apply", "--server-side", "-f", &root("k8s/crds")]);
        world.kubectl(&["create", "namespace", NAMESPACE]);
        let served = || world.try_kubectl(&["get", "microservices", "-A"]).is_ok();
        world.eventually("the definition is served", Duration::from_secs(20), || {
            served().then_some(())
        });
        Some(world)
    }

    /// Starts an operator; answers its process id.
    pub(crate) fn operator(&mut self, identity: &str, arguments: &[&str]) -> u32 {
        let log =
            fs::File::create(self.folder.path().join(format!("{identity}.log"))).expect("a file");
        let port = 8100 + self.operators.len();
        let mut command = self
            .cluster
            .command(env!("CARGO_BIN_EXE_protoloop-operator"));
        command
            .args([
                "--identity",
                identity,
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--lease-seconds",
                "4",
            ])
            .args(["--image", "localhost/protoloop:test"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(log);
        let child = command.spawn().expect("the binary was just built");
        let id = child.id();
        self.operators.push(child);
        id
    }

    /// Sends a signal to an operator.
    pub(crate) fn signal(&self, id: u32, signal: &str) {
        let status = Command::new("kill")
            .args([&format!("-{signal}"), &id.to_string()])
            .status();
        assert!(status.is_ok_and(|status| status.success()), "kill {id}");
    }

    /// Asks the operator that was started as this one to end, and waits until it has.
    pub(crate) fn end(&mut self, position: usize) {
        let id = self.operators[position].id();
        self.signal(id, "TERM");
        let status = self.operators[position].wait().expect("it was started");
        assert!(status.success(), "{status}");
    }

    pub(crate) fn try_kubectl(&self, arguments: &[&str]) -> Result<String, String> {
        self.cluster.kubectl(arguments)
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        self.try_kubectl(arguments)
            .unwrap_or_else(|error| panic!("kubectl {}: {error}", arguments.join(" ")))
    }

    /// Runs kubectl with an object on its standard input.
    pub(crate) fn send(&self, arguments: &[&str], object: &Value) -> Result<String, String> {
        let mut command = self.cluster.command("kubectl");
        command
            .args(arguments)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("kubectl runs");
        let mut input = child.stdin.take().expect("it is piped");
        input
            .write_all(object.to_string().as_bytes())
            .expect("kubectl reads");
        drop(input);
        let output = child.wait_with_output().expect("kubectl ends");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// Applies a Microservice with this spec.
    pub(crate) fn service(&self, name: &str, spec: &Value) {
        let sent = self.send(&["apply"], &microservice(name, spec));
        sent.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// An object, if it is there.
    pub(crate) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let text = self
            .try_kubectl(&[
                "get",
                kind,
                name,
                "-n",
                NAMESPACE,
                "-o",
                "json",
                "--show-managed-fields",
            ])
            .ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The objects of a kind.
    pub(crate) fn list(&self, kind: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", kind, "-n", NAMESPACE, "-o", "json"]);
        let list: Value = serde_json::from_str(&text).expect("JSON");
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// Waits for something, and answers it and how long it took.
    pub(crate) fn eventually<T>(
        &self,
        what: &str,
        time: Duration,
        mut ask: impl FnMut() -> Option<T>,
    ) -> (T, Duration) {
        let begun = Instant::now();
        loop {
            if let Some(found) = ask() {
                return (found, begun.elapsed());
            }
            assert!(
                begun.elapsed() < time,
                "{what}: not within {time:?}\n{}",
                self.logs()
            );
            std::thread::yield_now();
        }
    }

    /// Waits until the condition of a service has a reason.
    pub(crate) fn reason(&self, name: &str, kind: &str, reason: &str) -> Duration {
        let found =
            || condition(&self.get("ms", name)?, kind).filter(|one| one["reason"] == reason);
        self.eventually(
            &format!("{name}: {kind} is {reason}"),
            Duration::from_secs(20),
            found,
        )
        .1
    }

    /// Says that every pod of a Deployment is ready, as its controller would.
    pub(crate) fn pods_are_ready(&self, name: &str) {
        let deployment = self.get("deployment", name).expect("a Deployment");
        let wanted = deployment["spec"]["replicas"].as_i64().expect("a number");
        let status = json!({"status": {
            "observedGeneration": deployment["metadata"]["generation"], "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": wanted, "availableReplicas": wanted,
        }});
        self.kubectl(&[
            "patch",
            "deployment",
            name,
            "-n",
            NAMESPACE,
            "--subresource=status",
            "--type=merge",
            "-p",
            &status.to_string(),
        ]);
    }

    /// What the operators asked the API server for, other than reading, since a moment: `IDENTITY VERB RESOURCE/NAME`.
    pub(crate) fn writes(&self, since: usize) -> Vec<String> {
        let text = fs::read_to_string(self.cluster.state().join("audit.log")).unwrap_or_default();
        let entries = text
            .lines()
            .skip(since)
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let told = |entry: Value| {
            let agent = entry["userAgent"]
                .as_str()?
                .strip_prefix("protoloop-operator/")?;
            let identity = agent.split_once(" (")?.1.trim_end_matches(')').to_owned();
            let verb = entry["verb"].as_str()?;
            let resource = entry["objectRef"]["resource"].as_str()?;
            let reads = matches!(verb, "get" | "list" | "watch") || resource == "leases";
            (!reads).then(|| {
                format!(
                    "{identity} {verb} {resource}/{}",
                    entry["objectRef"]["name"].as_str().unwrap_or_default()
                )
            })
        };
        entries.filter_map(told).collect()
    }

    /// The moment that [`World::writes`] counts from.
    pub(crate) fn moment(&self) -> usize {
        let text = fs::read_to_string(self.cluster.state().join("audit.log")).unwrap_or_default();
        text.lines().count()
    }

    /// A command in the cluster's network.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.cluster.command(program)
    }

    fn logs(&self) -> String {
        let mut all = String::new();
        let entries = fs::read_dir(self.folder.path())
            .into_iter()
            .flatten()
            .flatten();
        for path in entries
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|end| end == "log"))
        {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = text.lines().rev().take(20).collect();
            all += &format!(
                "{}:\n{}\n",
                path.display(),
                lines.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
        all
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for operator in &mut self.operators {
            // It may have ended by itself.
            let _ = operator.kill();
            let _ = operator.wait();
        }
        // What is left is cleared up by the next run.
        let _ = self.cluster.down();
    }
}

/// Everything that is asked, without its content.
const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: Metadata}]\n";

/// A path below the root of the repository.
pub(crate) fn root(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path).display().to_string()
}

pub(crate) fn microservice(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "protoloop.dev/v1alpha1", "kind": "Microservice",
        "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec,
    })
}

pub(crate) fn condition(service: &Value, kind: &str) -> Option<Value> {
    let conditions = service["status"]["conditions"].as_array()?;
    conditions.iter().find(|one| one["type"] == kind).cloned()
}

/// The name and version of objects.
pub(crate) fn versions(objects: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    objects
        .iter()
        .map(|one| {
            (
                text(&one["metadata"]["name"]),
                text(&one["metadata"]["resourceVersion"]),
            )
        })
        .collect()
}
