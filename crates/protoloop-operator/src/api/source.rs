//! Where a service comes from.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{datasource::KeySelector, schemas};

/// `.proto` files that the toolkit serves.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("[has(self.files), has(self.configMap), has(self.descriptorSet)].exists_one(x, x)")
        .message("give exactly one of files, configMap and descriptorSet")
)]
#[serde(rename_all = "camelCase")]
pub struct SchemaSource {
    /// The files themselves, by import path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schemas::proto_files")]
    pub files: Option<BTreeMap<String, String>>,
    /// A ConfigMap whose keys are `.proto` files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<ConfigMapReference>,
    /// A key of a ConfigMap with a binary descriptor set, as `protoloop generate descriptor` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor_set: Option<KeySelector>,
    /// Roll out a schema even where callers of the one that is served would break.
    #[serde(default)]
    pub allow_breaking: bool,
    /// Serve this earlier revision instead: a name of `status.schema.revisions`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63))]
    pub rollback_to: Option<String>,
}

/// An object in the same namespace.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigMapReference {
    /// Its name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// An image of your own.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageSource {
    /// The image, with a tag or a digest.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^[^ ]+(:[^/: ]+|@sha256:[0-9a-f]{64})$')")
        .message("name a tag or a digest: what `latest` is changes under running pods"))]
    pub name: String,
    /// When it is pulled.
    #[serde(default)]
    pub pull_policy: PullPolicy,
    /// Secrets of the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub pull_secrets: Vec<String>,
    /// The program, instead of the image's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 64))]
    pub command: Vec<String>,
    /// Where the program listens.
    #[serde(default)]
    pub ports: ContainerPorts,
    /// The service's descriptor set, for routes that follow it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor_set: Option<KeySelector>,
}

/// Where the program listens.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("has(self.grpc) || has(self.http)").message("give grpc, http or both")
)]
pub struct ContainerPorts {
    /// The port for gRPC (HTTP/2 without TLS, unless `tls` is given).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub grpc: Option<i32>,
    /// The port for HTTP; it may be the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub http: Option<i32>,
}

impl Default for ContainerPorts {
    fn default() -> Self {
        Self {
            grpc: Some(8080),
            http: Some(8080),
        }
    }
}

/// Other protocols in front of gRPC services.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewaySource {
    /// The services.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["url".into()]))]
    pub upstreams: Vec<Upstream>,
    /// Their schema; asked for by server reflection unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor_set: Option<KeySelector>,
    /// Routes as a `google.api.Service` configuration in YAML: a key of a ConfigMap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<KeySelector>,
    /// Give every method without a route `POST /package.Service/Method`.
    #[serde(default)]
    pub unbound: bool,
}

/// A gRPC service that runs elsewhere.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upstream {
    /// `http://HOST:PORT` or `https://HOST:PORT`.
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[A-Za-z0-9._-]+(:[0-9]+)?$')")
        .message("write http://HOST:PORT or https://HOST:PORT"))]
    pub url: String,
    /// Which services it serves: `pkg.Service` or `pkg.*`; all unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    #[x_kube(validation = Rule::new("self.matches('^([A-Za-z_][A-Za-z0-9_]*[.])*([A-Za-z_][A-Za-z0-9_]*|[*])$')")
        .message("write pkg.Service or pkg.*"))]
    pub selector: Option<String>,
}

/// The image that serves a schema or a gateway.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Runtime {
    /// The image; the operator's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
    /// When it is pulled.
    #[serde(default)]
    pub pull_policy: PullPolicy,
    /// Secrets of the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub pull_secrets: Vec<String>,
}

/// When an image is pulled.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PullPolicy {
    /// Each time a pod starts.
    Always,
    /// Where the node does not have it.
    #[default]
    IfNotPresent,
    /// Never: the node has it.
    Never,
}

impl PullPolicy {
    /// As Kubernetes writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}
