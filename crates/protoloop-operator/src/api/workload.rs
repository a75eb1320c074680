//! Pods: how they are replaced, end, are probed and placed.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schemas;

/// How pods are replaced by newer ones.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("!((type(self.maxSurge) == int ? self.maxSurge == 0 : self.maxSurge == '0%') && (type(self.maxUnavailable) == int ? self.maxUnavailable == 0 : self.maxUnavailable == '0%'))")
        .message("maxSurge and maxUnavailable may not both be 0: no pod could ever be replaced")
)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Pods that may run beyond those wanted.
    #[serde(default = "surge")]
    #[schemars(schema_with = "schemas::int_or_percent")]
    pub max_surge: Value,
    /// Pods that may be missing.
    #[serde(default = "missing")]
    #[schemars(schema_with = "schemas::int_or_percent")]
    pub max_unavailable: Value,
    /// Seconds that a new pod has to be ready before it counts.
    #[serde(default = "min_ready")]
    #[schemars(range(min = 0, max = 3600))]
    pub min_ready_seconds: i32,
    /// Seconds without progress behind which a rollout has failed.
    #[serde(default = "progress_deadline")]
    #[schemars(range(min = 10, max = 86_400))]
    pub progress_deadline_seconds: i32,
    /// ReplicaSets that are kept.
    #[serde(default = "history")]
    #[schemars(range(min = 0, max = 100))]
    pub revision_history_limit: i32,
    /// Replace pods when what a Secret or ConfigMap holds that they refer to has changed.
    #[serde(default = "yes")]
    pub restart_on_change: bool,
}

impl Default for Rollout {
    fn default() -> Self {
        Self {
            max_surge: surge(),
            max_unavailable: missing(),
            min_ready_seconds: min_ready(),
            progress_deadline_seconds: progress_deadline(),
            revision_history_limit: history(),
            restart_on_change: true,
        }
    }
}

fn surge() -> Value {
    "25%".into()
}

fn missing() -> Value {
    0.into()
}

fn min_ready() -> i32 {
    2
}

fn progress_deadline() -> i32 {
    300
}

fn history() -> i32 {
    3
}

/// How a pod ends: it says that it is not ready, waits until nobody sends calls any more, and finishes those it has.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Termination {
    /// Seconds until nobody sends calls any more.
    #[serde(default = "drain")]
    #[schemars(range(min = 0, max = 3600))]
    pub drain_seconds: i64,
    /// Seconds that calls may take after that.
    #[serde(default = "grace")]
    #[schemars(range(min = 1, max = 86_400))]
    pub grace_seconds: i64,
    /// Seconds after which a connection is asked to come anew, so that callers spread over new pods. 0 for never.
    #[serde(default = "connection_age")]
    #[schemars(range(min = 0, max = 86_400))]
    pub max_connection_age_seconds: i64,
}

impl Default for Termination {
    fn default() -> Self {
        Self {
            drain_seconds: drain(),
            grace_seconds: grace(),
            max_connection_age_seconds: connection_age(),
        }
    }
}

fn drain() -> i64 {
    5
}

fn grace() -> i64 {
    30
}

fn connection_age() -> i64 {
    300
}

/// How it is found out that a pod can work.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Probes {
    /// What is asked.
    #[serde(default)]
    pub kind: ProbeKind,
    /// The service that gRPC health is asked about; the server as a whole unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub service: Option<String>,
    /// The path that HTTP readiness is asked at.
    #[serde(default = "ready_path")]
    #[schemars(length(min = 1, max = 256))]
    pub ready_path: String,
    /// The path that HTTP liveness is asked at.
    #[serde(default = "live_path")]
    #[schemars(length(min = 1, max = 256))]
    pub live_path: String,
    /// Seconds that a pod may take to start; time spent waiting for a migration counts.
    #[serde(default = "startup")]
    #[schemars(range(min = 1, max = 86_400))]
    pub startup_seconds: i32,
}

impl Default for Probes {
    fn default() -> Self {
        Self {
            kind: ProbeKind::default(),
            service: None,
            ready_path: ready_path(),
            live_path: live_path(),
            startup_seconds: startup(),
        }
    }
}

fn ready_path() -> String {
    "/readyz".to_owned()
}

fn live_path() -> String {
    "/livez".to_owned()
}

fn startup() -> i32 {
    300
}

/// What probes ask.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeKind {
    /// gRPC health where there is gRPC without TLS, else HTTP; with client certificates only whether the port is open.
    #[default]
    Auto,
    /// gRPC health.
    Grpc,
    /// HTTP paths.
    Http,
    /// Whether the port is open.
    Tcp,
    /// Nothing.
    Off,
}

/// Where pods run.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// Spread pods over zones and nodes, where that is possible.
    #[serde(default = "yes")]
    pub spread: bool,
    /// Labels that nodes must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// The pods' priority class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub priority_class: Option<String>,
}

impl Default for Placement {
    fn default() -> Self {
        Self {
            spread: true,
            node_selector: BTreeMap::new(),
            priority_class: None,
        }
    }
}

fn yes() -> bool {
    true
}

/// As whom the pods run.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountOptions {
    /// An account that is there already, instead of one of the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub name: Option<String>,
    /// Give the pods a token for the API server.
    #[serde(default)]
    pub automount_token: bool,
    /// Annotations of the account, as clouds read them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// TLS in the pods.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("!has(self.authorities) || has(self.hostname)")
        .message("authorities are for a certificate with a name: give hostname too")
)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// A Secret of type kubernetes.io/tls.
    #[schemars(length(min = 1, max = 253))]
    pub secret: String,
    /// Ask callers for a certificate of the authority in the Secret's `ca.crt`.
    #[serde(default)]
    pub client_certificates: bool,
    /// The name in the certificate. With it a BackendTLSPolicy tells Gateways to speak TLS to the pods and to look for that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = Rule::new("self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')")
        .message("write a name of DNS such as todo.example.svc"))]
    pub hostname: Option<String>,
    /// The ConfigMap whose key `ca.crt` holds the authorities that Gateways trust; those of their system unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub authorities: Option<String>,
}

/// A change to one object.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ObjectOverride {
    /// The object's kind, such as Service.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Its name; all of the kind unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub name: Option<String>,
    /// A JSON merge patch. Its kind, name, namespace and owner stay.
    #[schemars(schema_with = "schemas::object")]
    pub patch: Value,
}
