//! Whether the operator acts, and what it tells others.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

/// Whether the operator acts, and whether pods run.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The operator changes nothing, and only says how things are.
    #[serde(default)]
    pub paused: bool,
    /// No pod runs; everything else stays.
    #[serde(default)]
    pub stopped: bool,
}

/// Where traces go, and what they say of the service.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Telemetry {
    /// The address of an OpenTelemetry collector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = Rule::new("self.matches('^https?://[^ ]+$')").message("write http://HOST:PORT or https://HOST:PORT"))]
    pub endpoint: Option<String>,
    /// How many of a hundred traces are kept; the program's own choice unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub sampled_percent: Option<i32>,
    /// Further resource attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}
