//! How far the pods of a service are, from what a Deployment and its pods tell.

mod pods;

use k8s_openapi::api::apps::v1::Deployment;

use crate::children::CHECKSUM;

pub use pods::{PodFailure, failure};

/// How a Deployment is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeploymentState {
    /// Whether its controller has seen the present template.
    pub current: bool,
    /// Pods that are wanted.
    pub wanted: i32,
    /// Pods that there are.
    pub replicas: i32,
    /// Pods with the present template.
    pub updated: i32,
    /// Pods that are ready.
    pub ready: i32,
    /// Pods that have been ready for long enough.
    pub available: i32,
    /// Whether a rollout has made no progress for too long, and what is said about it.
    pub stuck: Option<String>,
    /// Why pods cannot even be made, such as a quota.
    pub refused: Option<String>,
    /// The checksum in its template.
    pub checksum: Option<String>,
}

impl DeploymentState {
    /// What it tells of itself.
    #[must_use]
    pub fn of(deployment: &Deployment) -> Self {
        let status = deployment.status.clone().unwrap_or_default();
        let spec = deployment.spec.as_ref();
        let conditions = status.conditions.unwrap_or_default();
        let message = |kind: &str, value: &str, reason: Option<&str>| {
            let mut found = conditions
                .iter()
                .filter(|one| one.type_ == kind && one.status == value);
            let found = found.find(|one| reason.is_none() || one.reason.as_deref() == reason)?;
            Some(found.message.clone().unwrap_or_default())
        };
        let template = spec.and_then(|spec| spec.template.metadata.as_ref());
        let annotations = template.and_then(|metadata| metadata.annotations.as_ref());
        Self {
            current: status.observed_generation >= deployment.metadata.generation,
            wanted: spec.and_then(|spec| spec.replicas).unwrap_or(1),
            replicas: status.replicas.unwrap_or_default(),
            updated: status.updated_replicas.unwrap_or_default(),
            ready: status.ready_replicas.unwrap_or_default(),
            available: status.available_replicas.unwrap_or_default(),
            stuck: message("Progressing", "False", Some("ProgressDeadlineExceeded")),
            refused: message("ReplicaFailure", "True", None),
            checksum: annotations.and_then(|all| all.get(CHECKSUM).cloned()),
        }
    }

    /// Whether every pod that is wanted is there, ready and of the present template, and no other is left.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.current
            && self.updated == self.wanted
            && self.available == self.wanted
            && self.replicas == self.wanted
    }

    /// `1 of 2 pods are ready with the present template`.
    #[must_use]
    pub fn progress(&self) -> String {
        format!(
            "{} of {} pods are ready with the present template",
            self.available.min(self.updated),
            self.wanted
        )
    }
}

#[cfg(test)]
mod tests;
