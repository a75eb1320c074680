//! The custom resource `Microservice`, `protoloop.dev/v1alpha1`.
//!
//! A service comes from exactly one source: [`SchemaSource`] (`.proto` files that the toolkit serves), [`ImageSource`] (a
//! program of its own) or [`GatewaySource`] (other protocols in front of gRPC services). What can be checked by the API
//! server is checked there, by rules in CEL with a message each; [`crd`] holds them.
//!
//! Types of Kubernetes itself that would make the definition large (volumes, pod templates) are kept as JSON and read when the
//! children are made: what the definition accepts, these types always read.

mod crd;
mod datasource;
mod network;
mod operation;
mod scaling;
mod schemas;
mod source;
mod status;
mod workload;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{EnvFromSource, EnvVar, ResourceRequirements, VolumeMount};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crd::crd;
pub use datasource::{Datasource, KeySelector, MigrationMode, Migrations};
pub use network::{
    EgressRule, GrpcRouteOptions, HttpRouteOptions, IngressHost, IngressOptions, Metrics,
    NetworkPolicyOptions, ParentReference, Ports, RouteOptions, ServiceMonitorOptions,
    ServiceOptions, ServiceType,
};
pub use operation::{Operation, Telemetry};
pub use scaling::{Autoscaling, AutoscalingClass, Disruption};
pub use source::{
    ConfigMapReference, ContainerPorts, GatewaySource, ImageSource, PullPolicy, Runtime,
    SchemaSource, Upstream,
};
pub use status::{
    Condition, ConditionStatus, MicroserviceStatus, Revision, SchemaStatus, condition,
};
pub use workload::{
    ObjectOverride, Placement, ProbeKind, Probes, Rollout, ServiceAccountOptions, Termination, Tls,
};

/// Where one service comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// `.proto` files that the toolkit serves.
    Schema(&'a SchemaSource),
    /// A program of its own.
    Image(&'a ImageSource),
    /// Other protocols in front of gRPC services.
    Gateway(&'a GatewaySource),
}

/// What a service is and how it runs.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "protoloop.dev",
    version = "v1alpha1",
    kind = "Microservice",
    namespaced,
    status = "MicroserviceStatus",
    derive = "Default",
    derive = "PartialEq",
    shortname = "ms",
    category = "protoloop",
    doc = "A service: from a schema, an image or a list of upstreams to pods, addresses and routes.",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Replicas", type_ = "string", json_path = ".status.ready"),
    printcolumn(name = "Source", type_ = "string", json_path = ".status.source"),
    printcolumn(name = "Revision", type_ = "string", json_path = ".status.schema.serving"),
    printcolumn(name = "Image", type_ = "string", json_path = ".status.image", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    validation = Rule::new("self.metadata.name.size() <= 48 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')")
        .message("metadata.name names Services: write at most 48 of a-z, 0-9 and -, beginning with a letter")
)]
#[x_kube(
    validation = Rule::new("[has(self.schema), has(self.image), has(self.gateway)].exists_one(x, x)")
        .message("give exactly one of schema, image and gateway"),
    validation = Rule::new("!has(self.schema) || has(self.datasource)")
        .message("a schema needs a datasource: a Secret with the URL, or {url: \"memory:\"} to try it out"),
    validation = Rule::new("!has(self.gateway) || !has(self.datasource)")
        .message("a gateway stores nothing: leave out datasource"),
    validation = Rule::new("!has(self.runtime) || !has(self.image)")
        .message("runtime is the image that serves a schema or a gateway; with an image of your own, leave it out"),
    validation = Rule::new("!has(self.datasource) || !has(self.datasource.url) || !self.datasource.url.startsWith('sqlite:') || (self.replicas <= 1 && !has(self.autoscaling))")
        .message("a SQLite file serves one pod: leave replicas at 1 and autoscaling out, or use a database server"),
    validation = Rule::new("!has(self.datasource) || !has(self.datasource.url) || !self.datasource.url.startsWith('memory:') || (self.replicas <= 1 && !has(self.autoscaling))")
        .message("what is kept in memory: is kept by one pod: leave replicas at 1 and autoscaling out, or use a database server"),
    validation = Rule::new("!has(self.serviceMonitor) || has(self.metrics)")
        .message("serviceMonitor needs metrics: say on which port and path the service shows them"),
    validation = Rule::new("has(self.image) || !has(self.metrics) || !has(self.metrics.path) || self.metrics.path == '/metrics'")
        .message("a schema and a gateway show metrics at /metrics: leave out metrics.path"),
    validation = Rule::new("has(self.image) || !has(self.metrics) || !has(self.metrics.port) || self.metrics.port != 8080")
        .message("a schema and a gateway are called on port 8080: give metrics another one"),
    validation = Rule::new("!has(self.routes) || !has(self.routes.grpc) || !has(self.image) || has(self.image.ports.grpc)")
        .message("routes.grpc needs image.ports.grpc"),
    validation = Rule::new("!has(self.routes) || !has(self.routes.http) || !has(self.image) || has(self.image.ports.http)")
        .message("routes.http needs image.ports.http")
)]
#[serde(rename_all = "camelCase")]
pub struct MicroserviceSpec {
    /// `.proto` files that the toolkit serves over a database; nothing is compiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaSource>,
    /// An image of your own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageSource>,
    /// REST, gRPC-Web, Connect and gRPC in front of gRPC services that run elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<GatewaySource>,
    /// The image that serves a schema or a gateway, instead of the operator's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
    /// How many pods run; not looked at while `autoscaling` is given. 0 stops all.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 1000))]
    pub replicas: i32,
    /// Who decides how many pods run, and within which bounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaling: Option<Autoscaling>,
    /// The database. Its URL reaches the service as `PROTOLOOP_DB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<Datasource>,
    /// How the database is brought to what the schema needs.
    #[serde(default)]
    pub migrations: Migrations,
    /// What the container may and must have. Unless given: 100m of processor and 64Mi of memory are requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Further arguments of the container's program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub args: Vec<String>,
    /// Environment variables; one of the same name takes the place of the operator's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub env: Vec<EnvVar>,
    /// Secrets and ConfigMaps whose keys become environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub env_from: Vec<EnvFromSource>,
    /// Volumes of the pods, as in a pod.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schemas::named_objects")]
    pub volumes: Vec<Value>,
    /// Where the container sees them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["mountPath".into()]))]
    pub volume_mounts: Vec<VolumeMount>,
    /// Labels for every object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations for every object.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// A pod template, merged over the operator's: what is said here counts. The service's container is called `service`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schemas::object")]
    pub pod_template: Option<Value>,
    /// Changes to whole objects, as JSON merge patches, after everything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub object_overrides: Vec<ObjectOverride>,
    /// The Service in front of the pods.
    #[serde(default)]
    pub service: ServiceOptions,
    /// How callers from outside come in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routes: Option<RouteOptions>,
    /// Who may call the pods and whom they may call; anybody unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<NetworkPolicyOptions>,
    /// Where the service shows metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<Metrics>,
    /// Have the Prometheus operator collect them, where it is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_monitor: Option<ServiceMonitorOptions>,
    /// How many pods may be away at once for maintenance.
    #[serde(default)]
    pub disruption: Disruption,
    /// How pods are replaced by newer ones.
    #[serde(default)]
    pub rollout: Rollout,
    /// How a pod ends.
    #[serde(default)]
    pub termination: Termination,
    /// How it is found out that a pod can work.
    #[serde(default)]
    pub probes: Probes,
    /// Where pods run.
    #[serde(default)]
    pub placement: Placement,
    /// As whom the pods run.
    #[serde(default)]
    pub service_account: ServiceAccountOptions,
    /// TLS in the pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Where traces go, and what they say of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<Telemetry>,
    /// Whether the operator acts, and whether pods run.
    #[serde(default)]
    pub operation: Operation,
}

impl MicroserviceSpec {
    /// Where the service comes from; `None` when no source or several are given, which the API server refuses.
    #[must_use]
    pub fn source(&self) -> Option<Source<'_>> {
        match (&self.schema, &self.image, &self.gateway) {
            (Some(schema), None, None) => Some(Source::Schema(schema)),
            (None, Some(image), None) => Some(Source::Image(image)),
            (None, None, Some(gateway)) => Some(Source::Gateway(gateway)),
            _ => None,
        }
    }
}

/// Reads a resource from YAML.
///
/// # Errors
/// What is wrong with it, with line and column.
pub fn from_yaml(text: &str) -> Result<Microservice, String> {
    serde_saphyr::from_str(text).map_err(|error| error.to_string())
}

fn one() -> i32 {
    1
}
