//! How many pods run.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schemas;

/// Who decides how many pods run, and within which bounds.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    validation = Rule::new("self.minReplicas <= self.maxReplicas").message("minReplicas is larger than maxReplicas"),
    validation = Rule::new("self.class == 'Keda' ? has(self.triggers) : !has(self.triggers)")
        .message("triggers are KEDA's: give them with class Keda, and only then"),
    validation = Rule::new("self.class == 'Keda' || self.minReplicas >= 1").message("only KEDA scales to 0"),
    validation = Rule::new("self.class == 'Hpa' || (!has(self.cpu) && !has(self.memory) && !has(self.metrics) && !has(self.behavior))")
        .message("cpu, memory, metrics and behavior belong to class Hpa")
)]
#[serde(rename_all = "camelCase")]
pub struct Autoscaling {
    /// Who scales.
    #[serde(default)]
    pub class: AutoscalingClass,
    /// Never fewer.
    #[serde(default = "super::one")]
    #[schemars(range(min = 0, max = 1000))]
    pub min_replicas: i32,
    /// Never more.
    #[schemars(range(min = 1, max = 1000))]
    pub max_replicas: i32,
    /// Percent of the requested processor time that pods should use on average; 80 when nothing else is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub cpu: Option<i32>,
    /// Percent of the requested memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub memory: Option<i32>,
    /// Further metrics, as in a HorizontalPodAutoscaler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schemas::objects")]
    pub metrics: Vec<Value>,
    /// How fast it goes up and down, as in a HorizontalPodAutoscaler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schemas::object")]
    pub behavior: Option<Value>,
    /// Triggers of a KEDA ScaledObject.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "schemas::objects")]
    pub triggers: Vec<Value>,
}

/// Who scales.
#[derive(JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AutoscalingClass {
    /// A HorizontalPodAutoscaler of ours.
    #[default]
    Hpa,
    /// A ScaledObject of ours, where KEDA is installed.
    Keda,
    /// Somebody else: the operator leaves the number of pods alone.
    External,
}

/// How many pods may be away at once for maintenance. A service of one pod has no such bound: it would block maintenance.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disruption {
    /// Whether there is a bound.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// A number of pods or a share, such as 25%.
    #[serde(default = "one_away")]
    #[schemars(schema_with = "schemas::int_or_percent")]
    pub max_unavailable: Value,
}

impl Default for Disruption {
    fn default() -> Self {
        Self {
            enabled: true,
            max_unavailable: one_away(),
        }
    }
}

fn yes() -> bool {
    true
}

fn one_away() -> Value {
    1.into()
}
