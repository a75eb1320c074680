//! How callers come in.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schemas;

/// The Service in front of the pods. A second one without an address, NAME-headless, is for clients that balance by
/// themselves.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceOptions {
    /// Its type.
    #[serde(default, rename = "type")]
    pub kind: ServiceType,
    /// Its ports.
    #[serde(default)]
    pub ports: Ports,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Which pods are preferred, such as PreferClose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63))]
    pub traffic_distribution: Option<String>,
}

/// Type of a Service.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceType {
    /// Reachable in the cluster.
    #[default]
    ClusterIP,
    /// On a port of every node.
    NodePort,
    /// Behind a load balancer of the cloud.
    LoadBalancer,
}

impl ServiceType {
    /// As Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClusterIP => "ClusterIP",
            Self::NodePort => "NodePort",
            Self::LoadBalancer => "LoadBalancer",
        }
    }
}

/// Ports of the Service. A schema and a gateway answer every protocol on both.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(validation = Rule::new("self.grpc != self.http").message("grpc and http need different numbers"))]
pub struct Ports {
    /// For gRPC.
    #[serde(default = "grpc_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub grpc: i32,
    /// For HTTP.
    #[serde(default = "http_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub http: i32,
}

impl Default for Ports {
    fn default() -> Self {
        Self {
            grpc: grpc_port(),
            http: http_port(),
        }
    }
}

fn grpc_port() -> i32 {
    9090
}

fn http_port() -> i32 {
    80
}

/// How callers from outside come in. Objects of the Gateway API are made where it is installed.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("!has(self.grpc) || !has(self.http) || (has(self.grpc.hostnames) && has(self.http.hostnames) && self.grpc.hostnames.all(name, !(name in self.http.hostnames)))")
        .message("a GRPCRoute and an HTTPRoute may not share a host name: give each hostnames of its own")
)]
pub struct RouteOptions {
    /// A GRPCRoute for the services of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcRouteOptions>,
    /// An HTTPRoute for their REST paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpRouteOptions>,
    /// Ingresses, for clusters without the Gateway API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressOptions>,
}

/// A GRPCRoute.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GrpcRouteOptions {
    /// The Gateways to attach to.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub parent_refs: Vec<ParentReference>,
    /// Host names; all unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub hostnames: Vec<String>,
    /// Let server reflection and health be asked from outside too.
    #[serde(default)]
    pub reflection: bool,
}

/// An HTTPRoute.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpRouteOptions {
    /// The Gateways to attach to.
    #[schemars(length(min = 1, max = 16))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub parent_refs: Vec<ParentReference>,
    /// Host names; all unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16), inner(length(min = 1, max = 253)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub hostnames: Vec<String>,
    /// Let gRPC-Web and Connect in too, whose paths are those of gRPC, and the pages of the API's description.
    #[serde(default)]
    pub all_paths: bool,
}

/// A Gateway to attach to.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParentReference {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// Its namespace; that of the service unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub namespace: Option<String>,
    /// One of its listeners; all unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub section_name: Option<String>,
}

/// Ingresses. gRPC and HTTP get one each, because what a controller speaks to the pods is said per Ingress.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.grpc) || has(self.http)").message("give grpc, http or both"),
    validation = Rule::new("!has(self.grpc) || !has(self.http) || self.grpc.host != self.http.host")
        .message("grpc and http need different hosts")
)]
#[serde(rename_all = "camelCase")]
pub struct IngressOptions {
    /// The class: nginx, traefik, haproxy, contour, … Annotations that make it speak HTTP/2 to the pods follow from it.
    #[schemars(length(min = 1, max = 253))]
    pub class_name: String,
    /// The host for gRPC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<IngressHost>,
    /// The host for HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<IngressHost>,
    /// Further annotations for both.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A host of an Ingress.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IngressHost {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub host: String,
    /// The Secret with its certificate; no TLS unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub tls_secret: Option<String>,
}

/// Who may call the pods and whom they may call.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicyOptions {
    /// Who may call the service, as `from` in a NetworkPolicy; pods of the same namespace unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schemas::objects")]
    pub callers: Option<Vec<Value>>,
    /// Who may read metrics; the same unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schemas::objects")]
    pub monitors: Option<Vec<Value>>,
    /// Whom the pods may call, beside the cluster's DNS; anybody unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub egress: Option<Vec<EgressRule>>,
}

/// Whom the pods may call.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EgressRule {
    /// As `to` in a NetworkPolicy; anybody unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schemas::objects")]
    pub to: Vec<Value>,
    /// TCP ports; all unless given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), inner(range(min = 1, max = 65535)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub ports: Vec<i32>,
}

/// Where the service shows metrics.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metrics {
    /// The port. Of an image, where it is not that of HTTP. Metrics of a schema or a gateway have a port of their own: 9464
    /// unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
    /// The path; that of a schema or a gateway is `/metrics`.
    #[serde(default = "metrics_path")]
    #[schemars(length(min = 1, max = 256))]
    pub path: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            port: None,
            path: metrics_path(),
        }
    }
}

fn metrics_path() -> String {
    "/metrics".to_owned()
}

/// A ServiceMonitor of the Prometheus operator.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceMonitorOptions {
    /// How often metrics are read, such as 30s; Prometheus' own interval unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    #[x_kube(validation = Rule::new("self.matches('^([0-9]+(ms|s|m|h))+$')").message("write a time such as 30s"))]
    pub interval: Option<String>,
    /// Labels that Prometheus selects it by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}
