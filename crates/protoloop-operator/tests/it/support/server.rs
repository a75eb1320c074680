//! An API server, what the operator's chart puts there, and an account for operators that may do no more than that says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use protoloop_cluster::{Cluster, Parts, Settings, shell};
use serde_json::{Value, json};

use super::{
    api::{Api, Body},
    find, root,
};

/// The account of the operator.
pub(crate) const ACCOUNT: &str = "system:serviceaccount:protoloop:protoloop-operator";

/// What that account asks, without the content; what the tests ask is not told.
const POLICY: &str = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n\
    - {level: Metadata, users: ['system:serviceaccount:protoloop:protoloop-operator']}\n- {level: None}\n";

/// APIs that a cluster may lack: group, version, plural, kind.
const OPTIONAL: [(&str, &str, &str, &str); 5] = [
    ("gateway.networking.k8s.io", "v1", "grpcroutes", "GRPCRoute"),
    ("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute"),
    (
        "gateway.networking.k8s.io",
        "v1",
        "backendtlspolicies",
        "BackendTLSPolicy",
    ),
    (
        "monitoring.coreos.com",
        "v1",
        "servicemonitors",
        "ServiceMonitor",
    ),
    ("keda.sh", "v1alpha1", "scaledobjects", "ScaledObject"),
];

const PATIENCE: Duration = Duration::from_secs(30);

/// An API server and its store; nobody acts on what is there.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) cluster: Cluster,
    pub(crate) api: Api,
    /// Whom operators log in as.
    pub(crate) config: PathBuf,
}

/// The one that most tests share, each in a namespace of its own, with every optional API. `None` where there cannot be one.
pub(crate) fn shared() -> Option<Arc<Server>> {
    static SHARED: OnceLock<(Arc<Server>, Child)> = OnceLock::new();
    let programs = find::find("PROTOLOOP_TEST_CLUSTER")?;
    let (server, _) = SHARED.get_or_init(|| {
        let server = Server::start("op-shared", &programs);
        server.add_optional();
        // What is static is never dropped.
        let leash = server.cluster.leash().expect("a shell");
        (Arc::new(server), leash)
    });
    Some(Arc::clone(server))
}

/// One that has Kubernetes' own APIs only and ends with its test.
pub(crate) fn plain(name: &str) -> Option<Arc<Server>> {
    let programs = find::find("PROTOLOOP_TEST_CLUSTER")?;
    Some(Arc::new(Server::start(&format!("op-{name}"), &programs)))
}

impl Server {
    fn start(name: &str, programs: &Path) -> Self {
        let policy = std::env::temp_dir().join(format!("protoloop-{name}-audit.yaml"));
        fs::write(&policy, POLICY).expect("a file");
        let settings = Settings {
            audit_policy: Some(policy),
            parts: Parts::ApiServer,
            ..Settings::named(name, programs)
        };
        let cluster = Cluster::of(settings);
        let done =
            |outcome: Result<_, String>| outcome.unwrap_or_else(|failure| panic!("{failure}"));
        done(cluster.down());
        done(cluster.up());
        let socket = cluster.state().join("proxy.sock");
        let mut proxy = cluster.command("kubectl");
        proxy
            .arg("proxy")
            .arg(format!("--unix-socket={}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        // It goes with everything else in the cluster's network.
        drop(proxy.spawn().expect("kubectl runs"));
        let server = Self {
            api: Api::at(&socket),
            config: cluster.state().join("operator.conf"),
            cluster,
        };
        server.install();
        server
    }

    /// Everything that the plain manifests of the operator hold, and the means to log in as its account.
    fn install(&self) {
        let manifest = root("k8s/operator/base/operator.yaml");
        self.until("the operator's manifests", || {
            self.cluster
                .kubectl(&["apply", "--server-side", "-f", &manifest])
        });
        self.until("the definition", || {
            let path = "/apis/protoloop.dev/v1alpha1/microservices";
            let answer = self.api.ask("GET", path, Body::Nothing);
            answer.map_err(|refusal| refusal.to_string())
        });
        let account = format!("--as={ACCOUNT}");
        self.until("the account's rights", || {
            self.cluster
                .kubectl(&["auth", "can-i", "list", "microservices", "-A", &account])
        });
        let token = self.until("a token", || {
            let words = [
                "create",
                "token",
                "protoloop-operator",
                "-n",
                "protoloop",
                "--duration=24h",
            ];
            self.cluster.kubectl(&words)
        });
        let config = self
            .cluster
            .kubectl(&["config", "view", "--raw", "--output=json"]);
        let config = config.unwrap_or_else(|failure| panic!("{failure}"));
        let mut config: Value = serde_json::from_str(&config).expect("JSON");
        config["users"][0]["user"] = json!({"token": token.trim()});
        fs::write(&self.config, config.to_string()).expect("a file");
    }

    /// The definitions of optional APIs, which say nothing of what is in their objects.
    fn add_optional(&self) {
        for (group, version, plural, kind) in OPTIONAL {
            let name = format!("{plural}.{group}");
            let definition = json!({
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": {"name": name, "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"}},
                "spec": {
                    "group": group, "scope": "Namespaced", "names": {"plural": plural, "kind": kind},
                    "versions": [{
                        "name": version, "served": true, "storage": true, "subresources": {"status": {}},
                        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                    }],
                },
            });
            let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            let made = self.api.ask("POST", definitions, Body::Object(&definition));
            made.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        }
        for (group, version, plural, _) in OPTIONAL {
            self.until(plural, || {
                let path = format!("/apis/{group}/{version}/{plural}");
                let answer = self.api.ask("GET", &path, Body::Nothing);
                answer.map_err(|refusal| refusal.to_string())
            });
        }
    }

    fn until<T>(&self, what: &str, ask: impl FnMut() -> Result<T, String>) -> T {
        shell::wait(what, PATIENCE, ask).unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// A command in the server's network, as its administrator.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.cluster.command(program)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left is cleared up by the next run.
        let _ = self.cluster.down();
    }
}
