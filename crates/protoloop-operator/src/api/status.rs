//! How a service is.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names of conditions.
///
/// `Ready` is what the others say together: `False` when one of them is, else `Unknown` when one of them is.
pub mod condition {
    /// All of the others.
    pub const READY: &str = "Ready";
    /// What is written can be done: it names one source, its overrides fit, what it refers to is there.
    pub const ACCEPTED: &str = "Accepted";
    /// The objects are as they should be, and ours.
    pub const APPLIED: &str = "Applied";
    /// As many pods as wanted are ready, all with the present template.
    pub const AVAILABLE: &str = "Available";
    /// Gateways have taken the routes. Only where there are routes.
    pub const ROUTED: &str = "Routed";
    /// The schema compiles. Only of schemas.
    pub const SCHEMA_VALID: &str = "SchemaValid";
    /// It breaks no caller of the schema that is served. Only of schemas.
    pub const SCHEMA_COMPATIBLE: &str = "SchemaCompatible";
    /// The database is as the schema needs it. Only of schemas.
    pub const MIGRATED: &str = "Migrated";
}

/// How a service is.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MicroserviceStatus {
    /// The `metadata.generation` that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// What is known, one entry per type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// Pods that there are.
    #[serde(default)]
    pub replicas: i32,
    /// Ready pods of those wanted, such as 2/3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// Label selector of the pods, for those who scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// schema, image or gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The image that pods run with. One that the operator chose stays until something else changes the pods, so that a
    /// newer operator restarts nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Digest of the pod template that was applied last, without the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Whether pods are being replaced that others than this resource changed, along with those of other services: it has one
    /// of the operator's `--max-rollouts` places until all of them are ready.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared_rollout: bool,
    /// What is served of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<SchemaStatus>,
}

impl MicroserviceStatus {
    /// The condition of a type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|one| one.kind == kind)
    }
}

/// What is served of the schema, and what could be.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SchemaStatus {
    /// Digest of the schema that pods serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serving: Option<String>,
    /// Digest of the schema that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    /// What the database was expanded for, so that it is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expanded: Option<String>,
    /// What it was contracted behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracted: Option<String>,
    /// What the last Job that found work did to the database (`done:`) and left for the next one (`left:`), one line per step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub plan: Vec<String>,
    /// What the compiler warns of, with file and line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Atomic)]
    pub warnings: Vec<String>,
    /// Schemas that were served, the newest first; any can be gone back to by `spec.schema.rollbackTo`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub revisions: Vec<Revision>,
}

/// A schema that was served.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Revision {
    /// Its digest, by which it is gone back to.
    pub name: String,
    /// The immutable ConfigMap that holds it.
    pub config_map: String,
    /// When it was first served, RFC 3339.
    pub created: String,
}

/// One thing that is known.
#[derive(JsonSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it is so.
    pub status: ConditionStatus,
    /// Why, in one word for machines.
    pub reason: String,
    /// Why, in a sentence for people.
    #[serde(default)]
    pub message: String,
    /// When `status` last became what it is, RFC 3339.
    pub last_transition_time: String,
    /// The `metadata.generation` that this speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

/// Whether something is so.
#[derive(
    JsonSchema, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
pub enum ConditionStatus {
    /// It is not.
    False,
    /// It is not known, or not yet.
    #[default]
    Unknown,
    /// It is.
    True,
}
