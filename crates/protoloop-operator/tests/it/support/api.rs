//! Asking the API server, by kubectl's proxy on a socket: a question takes milliseconds, a kubectl a tenth of a second.

use std::{
    fmt,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// What there is, by the name in paths: its group and version, and its kind.
const KINDS: &[(&str, &str, &str)] = &[
    (
        "backendtlspolicies",
        "gateway.networking.k8s.io/v1",
        "BackendTLSPolicy",
    ),
    ("configmaps", "v1", "ConfigMap"),
    (
        "customresourcedefinitions",
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
    ),
    ("deployments", "apps/v1", "Deployment"),
    ("events", "events.k8s.io/v1", "Event"),
    ("grpcroutes", "gateway.networking.k8s.io/v1", "GRPCRoute"),
    (
        "horizontalpodautoscalers",
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
    ),
    ("httproutes", "gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("ingresses", "networking.k8s.io/v1", "Ingress"),
    ("jobs", "batch/v1", "Job"),
    ("leases", "coordination.k8s.io/v1", "Lease"),
    ("microservices", "protoloop.dev/v1alpha1", "Microservice"),
    ("namespaces", "v1", "Namespace"),
    ("networkpolicies", "networking.k8s.io/v1", "NetworkPolicy"),
    ("poddisruptionbudgets", "policy/v1", "PodDisruptionBudget"),
    ("pods", "v1", "Pod"),
    ("scaledobjects", "keda.sh/v1alpha1", "ScaledObject"),
    ("secrets", "v1", "Secret"),
    ("serviceaccounts", "v1", "ServiceAccount"),
    (
        "servicemonitors",
        "monitoring.coreos.com/v1",
        "ServiceMonitor",
    ),
    ("services", "v1", "Service"),
];

/// What has no namespace.
const OF_THE_CLUSTER: [&str; 2] = ["customresourcedefinitions", "namespaces"];

/// A connection's other end.
#[derive(Clone, Debug)]
pub(crate) struct Api(PathBuf);

/// What the API server refused: its code and its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: u16,
    pub(crate) message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// How an object is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Body<'a> {
    Nothing,
    /// The whole of it.
    Object(&'a Value),
    /// RFC 7386.
    Merge(&'a Value),
    /// Server-side apply.
    Apply(&'a Value),
}

impl Api {
    pub(crate) fn at(socket: &Path) -> Self {
        Self(socket.to_owned())
    }

    /// Asks, and answers what comes back as JSON.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Body<'_>) -> Result<Value, Refusal> {
        let (kind, object) = match body {
            Body::Nothing => ("application/json", None),
            Body::Object(object) => ("application/json", Some(object)),
            Body::Merge(object) => ("application/merge-patch+json", Some(object)),
            Body::Apply(object) => ("application/apply-patch+yaml", Some(object)),
        };
        let content = object.map(Value::to_string).unwrap_or_default();
        // HTTP/1.0: the answer is over when the connection is, and never comes in chunks.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{content}",
            content.len()
        );
        let answer = self.exchange(&request).map_err(|error| Refusal {
            code: 0,
            message: format!("{}: {error}", self.0.display()),
        })?;
        read(&answer)
    }

    fn exchange(&self, request: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(&self.0)?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}

fn read(answer: &[u8]) -> Result<Value, Refusal> {
    let text = String::from_utf8_lossy(answer);
    let refused = |code: u16, message: &str| Refusal {
        code,
        message: message.to_owned(),
    };
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return Err(refused(0, &format!("no HTTP: {text}")));
    };
    let code = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let code = code.unwrap_or_default();
    let value: Value = serde_json::from_str(body).map_err(|_| refused(code, body))?;
    match code {
        200..300 => Ok(value),
        _ => Err(refused(code, value["message"].as_str().unwrap_or(body))),
    }
}

/// The path of the objects of a kind.
pub(crate) fn collection(plural: &str, namespace: &str) -> String {
    let (_, version, _) = known(plural);
    let root = match version.contains('/') {
        true => format!("/apis/{version}"),
        false => format!("/api/{version}"),
    };
    match OF_THE_CLUSTER.contains(&plural) {
        true => format!("{root}/{plural}"),
        false => format!("{root}/namespaces/{namespace}/{plural}"),
    }
}

/// The path of an object, from what it says of itself.
pub(crate) fn place(object: &Value, namespace: &str) -> String {
    let kind = object["kind"].as_str().expect("objects have kinds");
    let (plural, ..) = KINDS
        .iter()
        .find(|(.., known)| *known == kind)
        .unwrap_or_else(|| panic!("{kind} is not in the table"));
    let name = object["metadata"]["name"].as_str().expect("a name");
    format!("{}/{name}", collection(plural, namespace))
}

/// Group and version of a kind, and how it is called.
pub(crate) fn known(plural: &str) -> (&'static str, &'static str, &'static str) {
    let found = KINDS.iter().find(|(name, ..)| *name == plural);
    *found.unwrap_or_else(|| panic!("{plural} is not in the table"))
}
