//! Deploying without an operator: the objects of a service, applied from outside.
//!
//! What an apply would change is found out by the API server itself, which is asked to apply without storing anything.

mod prune;

use std::time::Duration;

use k8s_openapi::{
    ByteString,
    api::{
        apps::v1::Deployment,
        core::v1::{ConfigMap, Pod},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{ListParams, Patch, PatchParams},
    core::{ApiResource, DynamicObject},
};
use serde_json::{Map, Value};

pub use prune::prune;

use crate::{
    api::Microservice,
    children::{Apis, Child, Facts, labels, selector_text},
    rollout::{DeploymentState, failure},
};

/// The field manager of what is applied from outside, and the label that says who keeps an object.
pub const FIELD_MANAGER: &str = "protoloop";

/// Why something could not be asked for or applied.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeployError(String);

impl From<kube::Error> for DeployError {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => Self(status.message.clone()),
            other => Self(other.to_string()),
        }
    }
}

impl From<crate::client::ConnectError> for DeployError {
    fn from(error: crate::client::ConnectError) -> Self {
        Self(error.to_string())
    }
}

/// A cluster to deploy to.
#[derive(Clone)]
pub struct Target {
    client: Client,
    namespace: String,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// The cluster of the kubeconfig, and its namespace unless one is given.
    ///
    /// # Errors
    /// When no cluster is configured.
    pub async fn connect(user_agent: &str, namespace: Option<String>) -> Result<Self, DeployError> {
        let client = crate::client::connect(user_agent).await?;
        let namespace = namespace.unwrap_or_else(|| client.default_namespace().to_owned());
        Ok(Self { client, namespace })
    }

    /// Where objects go.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Which optional APIs there are.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn apis(&self) -> Result<Apis, DeployError> {
        Ok(crate::client::discover(&self.client).await?)
    }
}

/// What applying an object does, or would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It says something else.
    Changed(Vec<Difference>),
    /// It is as it should be.
    Unchanged,
}

/// One value that is another one.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// `spec.template.spec.containers[0].image`.
    pub path: String,
    /// What it was; `None` where it was not there.
    pub before: Option<Value>,
    /// What it becomes.
    pub after: Option<Value>,
}

/// One object that can be applied.
#[derive(Clone, Debug)]
pub struct Manifest {
    resource: ApiResource,
    value: Value,
    name: String,
}

impl Manifest {
    /// That of a child.
    #[must_use]
    pub fn of(child: &Child) -> Self {
        Self {
            resource: child.kind().api_resource(),
            name: child.name().to_owned(),
            value: child.to_value(),
        }
    }

    /// That of the resource itself, for a cluster with an operator.
    #[must_use]
    pub fn of_service(service: &Microservice) -> Self {
        let mut value = serde_json::to_value(service).unwrap_or_default();
        if let Some(members) = value.as_object_mut() {
            members.remove("status");
        }
        Self {
            resource: ApiResource::erase::<Microservice>(&()),
            name: service.name_any(),
            value,
        }
    }

    /// That of the ConfigMap with the descriptor set that a resource refers to; nothing where it refers to none.
    #[must_use]
    pub fn of_descriptor_set(service: &Microservice, bytes: Vec<u8>) -> Option<Self> {
        let key = service.spec.schema.as_ref()?.descriptor_set.as_ref()?;
        let facts = Facts {
            managed_by: FIELD_MANAGER.to_owned(),
            ..Facts::default()
        };
        let map = ConfigMap {
            metadata: ObjectMeta {
                name: Some(key.name.clone()),
                namespace: service.namespace(),
                labels: Some(labels(service, &facts)),
                ..ObjectMeta::default()
            },
            binary_data: Some([(key.key.clone(), ByteString(bytes))].into()),
            ..ConfigMap::default()
        };
        Some(Self::of(&map.into()))
    }

    /// `Deployment todo`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.resource.kind, self.name)
    }

    /// The object.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }
}

/// Applies an object, or finds out what that would change.
///
/// # Errors
/// What the API server answers; fields of other managers are a conflict, unless `force` is given.
pub async fn apply(
    target: &Target,
    manifest: &Manifest,
    dry_run: bool,
    force: bool,
) -> Result<Outcome, DeployError> {
    let client = target.client.clone();
    let api: Api<DynamicObject> =
        Api::namespaced_with(client, &target.namespace, &manifest.resource);
    let before = api.get_opt(&manifest.name).await?;
    let params = PatchParams {
        dry_run,
        force,
        ..PatchParams::apply(FIELD_MANAGER)
    };
    let after = api
        .patch(&manifest.name, &params, &Patch::Apply(&manifest.value))
        .await?;
    let Some(before) = before else {
        return Ok(Outcome::Created);
    };
    let (before, after) = (comparable(&before), comparable(&after));
    let mut found = Vec::new();
    differences("", Some(&before), Some(&after), &mut found);
    Ok(match found.is_empty() {
        true => Outcome::Unchanged,
        false => Outcome::Changed(found),
    })
}

/// What people write of an object: without what the API server keeps about it.
fn comparable(object: &DynamicObject) -> Value {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
    }
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        for kept in [
            "managedFields",
            "resourceVersion",
            "generation",
            "uid",
            "creationTimestamp",
        ] {
            metadata.remove(kept);
        }
    }
    value
}

fn differences(
    path: &str,
    before: Option<&Value>,
    after: Option<&Value>,
    found: &mut Vec<Difference>,
) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            members(path, before, after, found);
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for position in 0..before.len().max(after.len()) {
                let path = format!("{path}[{position}]");
                differences(&path, before.get(position), after.get(position), found);
            }
        }
        (before, after) if before != after => found.push(Difference {
            path: path.to_owned(),
            before: before.cloned(),
            after: after.cloned(),
        }),
        _ => {}
    }
}

fn members(
    path: &str,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    found: &mut Vec<Difference>,
) {
    let new = after.keys().filter(|key| !before.contains_key(*key));
    for key in before.keys().chain(new) {
        let path = match (path.is_empty(), key.contains('.')) {
            (true, _) => key.clone(),
            (false, false) => format!("{path}.{key}"),
            (false, true) => format!("{path}[{key}]"),
        };
        differences(&path, before.get(key), after.get(key), found);
    }
}

/// Waits until every pod of a service is ready with the present template. `progress` is told each time that something changes.
///
/// # Errors
/// When a rollout has failed, or the time is up; with what the pods say.
pub async fn wait(
    target: &Target,
    name: &str,
    time: Duration,
    mut progress: impl FnMut(&str),
) -> Result<(), DeployError> {
    let deployments: Api<Deployment> = Api::namespaced(target.client.clone(), &target.namespace);
    let pods: Api<Pod> = Api::namespaced(target.client.clone(), &target.namespace);
    let of_service = ListParams::default().labels(&selector_text(name));
    let until = tokio::time::Instant::now() + time;
    let mut told = String::new();
    loop {
        let state = deployments
            .get_opt(name)
            .await?
            .map(|deployment| DeploymentState::of(&deployment));
        let mut now = match &state {
            None => "there is no Deployment yet".to_owned(),
            Some(state) if state.is_complete() => {
                progress(&format!(
                    "{} of {} pods are ready",
                    state.available, state.wanted
                ));
                return Ok(());
            }
            Some(state) => state.progress(),
        };
        if let Some(failure) = failure(&pods.list(&of_service).await?.items) {
            now = format!("{now}; {}: {}", failure.reason, failure.message);
        }
        if now != told {
            progress(&now);
            told.clone_from(&now);
        }
        let stuck = state.and_then(|state| state.stuck);
        if stuck.is_some() || tokio::time::Instant::now() >= until {
            return Err(DeployError(
                stuck.map_or(now.clone(), |why| format!("{now}; {why}")),
            ));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_name_their_place() {
        let before =
            json!({"spec": {"replicas": 1, "list": [{"a": 1}, 2], "gone": true, "a.b/c": 1}});
        let after =
            json!({"spec": {"replicas": 2, "list": [{"a": 1}], "new": {"x": 1}, "a.b/c": 2}});
        let mut found = Vec::new();
        differences("", Some(&before), Some(&after), &mut found);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (&*one.path, one.before.clone(), one.after.clone()))
            .collect();
        let expected = [
            ("spec[a.b/c]", Some(json!(1)), Some(json!(2))),
            ("spec.gone", Some(json!(true)), None),
            ("spec.list[1]", Some(json!(2)), None),
            ("spec.replicas", Some(json!(1)), Some(json!(2))),
            ("spec.new", None, Some(json!({"x": 1}))),
        ];
        assert_eq!(shown.len(), expected.len(), "{shown:?}");
        for one in expected {
            assert!(shown.contains(&one), "{one:?} in {shown:?}");
        }
    }

    #[test]
    fn the_resource_is_applied_without_its_status() {
        let mut service = Microservice::new("a", crate::api::MicroserviceSpec::default());
        service.status = Some(crate::api::MicroserviceStatus::default());
        let manifest = Manifest::of_service(&service);
        assert_eq!(manifest.title(), "Microservice a");
        assert!(manifest.value().get("status").is_none());
        assert_eq!(manifest.value()["apiVersion"], "protoloop.dev/v1alpha1");
    }
}
