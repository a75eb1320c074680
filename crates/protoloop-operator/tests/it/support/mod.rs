//! A namespace for each test, and the operators in it.

mod api;
mod audit;
#[path = "../../../../../tests/it/support/find.rs"]
mod find;
pub(crate) mod jobs;
mod server;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

pub(crate) use api::{Body, Refusal};
use audit::Audit;
pub(crate) use audit::Request;
use server::Server;

/// How long something may take that is not measured, on a machine that has other work.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A namespace of an API server, and operators that look at it.
pub(crate) struct World {
    server: Arc<Server>,
    /// The namespace, which is called as the test is.
    name: &'static str,
    operators: Vec<Running>,
    folder: tempfile::TempDir,
    /// Whether operators look at all namespaces.
    everywhere: bool,
}

struct Running {
    process: Child,
    port: u16,
}

impl World {
    /// A new one on the server that tests share; `None` where there cannot be one. Names are used once.
    pub(crate) fn new(name: &'static str) -> Option<Self> {
        Some(Self::on(server::shared()?, name, false))
    }

    /// One on a server of its own without optional APIs, where operators look at all namespaces.
    pub(crate) fn alone(name: &'static str) -> Option<Self> {
        Some(Self::on(server::plain(name)?, name, true))
    }

    fn on(server: Arc<Server>, name: &'static str, everywhere: bool) -> Self {
        let world = Self {
            server,
            name,
            operators: Vec::new(),
            folder: tempfile::tempdir().expect("a folder"),
            everywhere,
        };
        world.create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        world
    }

    /// The namespace.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Starts an operator; answers its process id.
    pub(crate) fn operator(&mut self, identity: &str, arguments: &[&str]) -> u32 {
        // In the server's network nobody else listens there.
        static PORTS: AtomicU16 = AtomicU16::new(8100);
        let port = PORTS.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.path().join(format!("{identity}.log"));
        let log = fs::File::options().create(true).append(true).open(log);
        let mut command = self
            .server
            .command(env!("CARGO_BIN_EXE_protoloop-operator"));
        command
            .env("KUBECONFIG", &self.server.config)
            .args(["--identity", &format!("{}-{identity}", self.name)])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--lease-namespace", "protoloop", "--lease-seconds", "4"])
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(log.expect("a file"));
        if !arguments.contains(&"--image") {
            command.args(["--image", "localhost/protoloop:test"]);
        }
        if !self.everywhere {
            command.args(["--namespaces", self.name]);
        }
        let process = command.spawn().expect("the binary was just built");
        let id = process.id();
        self.operators.push(Running { process, port });
        id
    }

    /// Whether an operator has read everything.
    pub(crate) fn is_ready(&self, position: usize) -> bool {
        let url = format!("http://127.0.0.1:{}/readyz", self.operators[position].port);
        let mut curl = self.server.command("curl");
        let output = curl.args(["-sf", &url]).output();
        output.is_ok_and(|output| output.status.success())
    }

    /// Kills an operator at once, and waits until it is gone.
    pub(crate) fn kill(&mut self, position: usize) {
        let operator = &mut self.operators[position].process;
        operator.kill().expect("it runs");
        operator.wait().expect("it was started");
    }

    /// Asks an operator to end, and waits until it has.
    pub(crate) fn end(&mut self, position: usize) {
        let operator = &mut self.operators[position].process;
        let id = operator.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {id}");
        let status = operator.wait().expect("it was started");
        assert!(status.success(), "{status}");
    }

    fn ask(&self, method: &str, path: &str, body: Body<'_>) -> Result<Value, Refusal> {
        self.server.api.ask(method, path, body)
    }

    fn done(&self, method: &str, path: &str, body: Body<'_>) -> Value {
        let answer = self.ask(method, path, body);
        answer.unwrap_or_else(|refusal| panic!("{method} {path}: {refusal}\n{}", self.logs()))
    }

    /// Asks whether an object would be taken.
    pub(crate) fn would_create(&self, object: &Value) -> Result<Value, Refusal> {
        let place = api::place(object, self.name);
        let (collection, _) = place.rsplit_once('/').expect("paths have slashes");
        let path = format!("{collection}?dryRun=All&fieldValidation=Strict");
        self.ask("POST", &path, Body::Object(object))
    }

    /// Makes an object.
    pub(crate) fn create(&self, object: &Value) -> Value {
        let place = api::place(object, self.name);
        let (collection, _) = place.rsplit_once('/').expect("paths have slashes");
        self.done("POST", collection, Body::Object(object))
    }

    /// Applies an object as this field manager.
    pub(crate) fn apply_as(&self, manager: &str, object: &Value) -> Value {
        let path = api::place(object, self.name);
        let path = format!("{path}?fieldManager={manager}&force=true");
        self.done("PATCH", &path, Body::Apply(object))
    }

    /// Changes an object by RFC 7386.
    pub(crate) fn merge(&self, plural: &str, name: &str, patch: &Value) -> Value {
        let path = format!("{}/{name}", api::collection(plural, self.name));
        self.done("PATCH", &path, Body::Merge(patch))
    }

    /// Changes the status of an object.
    pub(crate) fn merge_status(&self, plural: &str, name: &str, status: &Value) -> Value {
        let path = format!("{}/{name}/status", api::collection(plural, self.name));
        let patch = json!({"status": status});
        self.done("PATCH", &path, Body::Merge(&patch))
    }

    /// Deletes an object.
    pub(crate) fn delete(&self, plural: &str, name: &str) {
        let path = format!("{}/{name}", api::collection(plural, self.name));
        let path = format!("{path}?propagationPolicy=Background");
        self.done("DELETE", &path, Body::Nothing);
    }

    /// Applies a Microservice with this spec.
    pub(crate) fn service(&self, name: &str, spec: &Value) {
        self.apply_as("tests", &self.microservice(name, spec));
    }

    /// A Microservice of this namespace.
    pub(crate) fn microservice(&self, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": "protoloop.dev/v1alpha1", "kind": "Microservice",
            "metadata": {"name": name, "namespace": self.name}, "spec": spec,
        })
    }

    /// An object, if it is there.
    pub(crate) fn get(&self, plural: &str, name: &str) -> Option<Value> {
        let path = format!("{}/{name}", api::collection(plural, self.name));
        match self.ask("GET", &path, Body::Nothing) {
            Ok(object) => Some(object),
            Err(refusal) if refusal.code == 404 => None,
            Err(refusal) => panic!("{path}: {refusal}"),
        }
    }

    /// The objects of a kind.
    pub(crate) fn list(&self, plural: &str) -> Vec<Value> {
        let list = self.done("GET", &api::collection(plural, self.name), Body::Nothing);
        list["items"].as_array().cloned().unwrap_or_default()
    }

    /// The names and versions of the objects of these kinds.
    pub(crate) fn versions(&self, plurals: &[&str]) -> Vec<(String, String)> {
        let version = |plural: &str, one: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let metadata = &one["metadata"];
            let name = format!("{plural}/{}", text(&metadata["name"]));
            (name, text(&metadata["resourceVersion"]))
        };
        let all = plurals.iter().flat_map(|plural| {
            let objects = self.list(plural);
            objects.into_iter().map(move |one| version(plural, &one))
        });
        all.collect()
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
            // Whoever asks without a pause takes the time from those that are to answer.
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Lets some time go by: that nothing happens has no other sign.
    pub(crate) fn some_time(&self, time: Duration) {
        let until = Instant::now() + time;
        let over = || (Instant::now() >= until).then_some(());
        self.eventually("some time", time + PATIENCE, over);
    }

    /// Waits until the condition of a service has a reason, and answers it.
    pub(crate) fn reason(&self, name: &str, kind: &str, reason: &str) -> Value {
        let what = format!("{name}: {kind} is {reason}");
        let is_so = |service: &Value| {
            let found = condition(service, kind)?;
            let seen = service["status"]["observedGeneration"] == service["metadata"]["generation"];
            (seen && found["reason"] == reason).then_some(found)
        };
        let begun = Instant::now();
        loop {
            let service = self.get("microservices", name);
            if let Some(found) = service.as_ref().and_then(is_so) {
                return found;
            }
            let status = service.map(|service| service["status"].to_string());
            assert!(
                begun.elapsed() < PATIENCE,
                "{what}: not within {PATIENCE:?}: {}\n{}",
                status.unwrap_or_default(),
                self.logs()
            );
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Says that every pod of a Deployment is ready, as its controller would.
    pub(crate) fn pods_are_ready(&self, name: &str) {
        let deployment = self.get("deployments", name).expect("a Deployment");
        let wanted = deployment["spec"]["replicas"].as_i64().expect("a number");
        let status = json!({
            "observedGeneration": deployment["metadata"]["generation"], "replicas": wanted, "updatedReplicas": wanted,
            "readyReplicas": wanted, "availableReplicas": wanted,
        });
        self.merge_status("deployments", name, &status);
    }

    /// What this world's operators asked for since a moment.
    pub(crate) fn requests(&self, since: u64) -> Vec<Request> {
        Audit::of(self.server.cluster.state()).since(since, self.name)
    }

    /// What they wrote: `IDENTITY VERB RESOURCE/NAME`.
    pub(crate) fn writes(&self, since: u64) -> Vec<String> {
        let requests = self.requests(since);
        let writes = requests.iter().filter(|request| !request.reads());
        let told = |one: &Request| {
            let Request {
                operator,
                verb,
                resource,
                name,
                ..
            } = one;
            format!("{operator} {verb} {resource}/{name}")
        };
        writes.map(told).collect()
    }

    /// The moment that requests are counted from.
    pub(crate) fn moment(&self) -> u64 {
        Audit::of(self.server.cluster.state()).moment()
    }

    /// A command in the server's network.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.server.command(program)
    }

    fn logs(&self) -> String {
        let entries = fs::read_dir(self.folder.path()).into_iter().flatten();
        let files = entries.flatten().map(|entry| entry.path());
        let mut all = String::new();
        for path in files.filter(|path| path.extension().is_some_and(|end| end == "log")) {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let lines: Vec<_> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(20)..].join("\n");
            all += &format!("{}:\n{last}\n", path.display());
        }
        all
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for operator in &mut self.operators {
            // It may have ended by itself.
            let _ = operator.process.kill();
            let _ = operator.process.wait();
        }
    }
}

/// A path below the root of the repository.
pub(crate) fn root(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path).display().to_string()
}

pub(crate) fn condition(service: &Value, kind: &str) -> Option<Value> {
    let conditions = service["status"]["conditions"].as_array()?;
    conditions.iter().find(|one| one["type"] == kind).cloned()
}
