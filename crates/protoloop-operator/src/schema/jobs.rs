//! The Jobs that migrate.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        batch::v1::{Job, JobSpec},
        core::v1::{
            Container, EmptyDirVolumeSource, LocalObjectReference, Pod, PodSpec, PodTemplateSpec,
            ResourceRequirements, Volume, VolumeMount,
        },
    },
    apimachinery::pkg::{api::resource::Quantity, apis::meta::v1::ObjectMeta},
};
use kube::ResourceExt as _;
use sha2::{Digest as _, Sha256};

use super::{JobState, Phase};
use crate::{
    api::Microservice,
    children::{
        Facts, INSTANCE, NAME, Release, datasource, describe, hexadecimal, labels, pod_security,
        restricted,
    },
};

/// The label with the part of the migration that a Job does.
pub const PHASE: &str = "protoloop.dev/migration";
/// The label with the digest of the schema that it is for.
pub const DIGEST: &str = "protoloop.dev/schema";
/// A finished Job goes away after a day; what it did stands in the status.
const KEPT_SECONDS: i32 = 86_400;
/// What Kubernetes keeps of what a container leaves behind.
const REPORT: &str = "/dev/termination-log";

/// What a migration is known by: the schema, who runs it and in which database. Each is migrated for once.
#[must_use]
pub fn key(service: &Microservice, image: &str, digest: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{digest}\n{image}\n"));
    let database = serde_json::to_string(&service.spec.datasource);
    hasher.update(database.unwrap_or_default());
    hexadecimal(&hasher.finalize()[..5])
}

/// The name of the Job of a phase: of the migration `key` of a database that was brought there by the migration `from`. So going
/// back to a schema is a Job of its own, and so is one that may lose data where the one before it might not.
#[must_use]
pub fn name(service: &Microservice, key: &str, from: Option<&str>, phase: Phase) -> String {
    let destructive = phase == Phase::Contract && service.spec.migrations.allow_destructive;
    let name = service.name_any();
    let mut hasher = Sha256::new();
    hasher.update(format!(
        "{name}\n{key}\n{}\n{destructive}",
        from.unwrap_or_default()
    ));
    let hash = hexadecimal(&hasher.finalize()[..5]);
    // Pods carry the name in a label, which has 63 characters.
    let name: String = name.chars().take(40).collect();
    format!("{}-{}-{hash}", name.trim_end_matches('-'), phase.as_str())
}

/// The Job of a phase, for the schema of `release`, by its [`name`].
#[must_use]
pub fn job(
    service: &Microservice,
    facts: &Facts,
    image: &str,
    release: &Release,
    name: &str,
    phase: Phase,
) -> Job {
    let migrations = &service.spec.migrations;
    let metadata = ObjectMeta {
        name: Some(name.to_owned()),
        namespace: service.namespace(),
        labels: Some(own_labels(service, facts, release, phase)),
        owner_references: facts.owner.clone().map(|owner| vec![owner]),
        ..ObjectMeta::default()
    };
    let template = PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(own_labels(service, facts, release, phase)),
            // A proxy beside it that does not end would keep the Job from ending.
            annotations: Some(
                [
                    ("sidecar.istio.io/inject", "false"),
                    ("linkerd.io/inject", "disabled"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            ),
            ..ObjectMeta::default()
        }),
        spec: Some(pod(service, image, release, phase)),
    };
    Job {
        metadata,
        spec: Some(JobSpec {
            backoff_limit: Some(migrations.retries),
            active_deadline_seconds: Some(migrations.deadline_seconds),
            ttl_seconds_after_finished: Some(KEPT_SECONDS),
            template,
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// Labels by which no Service takes the Job's pods for its own.
fn own_labels(
    service: &Microservice,
    facts: &Facts,
    release: &Release,
    phase: Phase,
) -> BTreeMap<String, String> {
    let mut labels = labels(service, facts);
    labels.insert(NAME.to_owned(), format!("{}-migrate", service.name_any()));
    labels.insert(INSTANCE.to_owned(), service.name_any());
    labels.insert(
        "app.kubernetes.io/component".to_owned(),
        "migration".to_owned(),
    );
    labels.insert(PHASE.to_owned(), phase.as_str().to_owned());
    labels.insert(DIGEST.to_owned(), release.digest.clone());
    labels
}

fn pod(service: &Microservice, image: &str, release: &Release, phase: Phase) -> PodSpec {
    let runtime = service.spec.runtime.as_ref();
    let secrets = runtime
        .map(|runtime| runtime.pull_secrets.clone())
        .unwrap_or_default();
    let reference = |name| LocalObjectReference { name };
    PodSpec {
        restart_policy: Some("Never".to_owned()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        security_context: Some(pod_security(true)),
        image_pull_secrets: (!secrets.is_empty())
            .then(|| secrets.into_iter().map(reference).collect()),
        containers: vec![container(service, image, release, phase)],
        volumes: Some(volumes(service, release)),
        ..PodSpec::default()
    }
}

fn volumes(service: &Microservice, release: &Release) -> Vec<Volume> {
    let mut all = vec![
        release.volume(),
        Volume {
            name: "tmp".to_owned(),
            empty_dir: Some(EmptyDirVolumeSource::default()),
            ..Volume::default()
        },
    ];
    for own in configuration(service) {
        all.retain(|ours| ours.name != own.name);
        all.push(own);
    }
    all
}

/// The volumes of the resource that hold configuration, such as a CA of the database. A disk belongs to the pods of the service:
/// a Job on another node would wait for it. What cannot be read is told where pods are rendered.
fn configuration(service: &Microservice) -> impl Iterator<Item = Volume> {
    let volumes = service.spec.volumes.iter();
    let parsed = volumes.filter_map(|volume| serde_json::from_value::<Volume>(volume.clone()).ok());
    parsed.filter(|volume| {
        volume.secret.is_some()
            || volume.config_map.is_some()
            || volume.projected.is_some()
            || volume.csi.is_some()
            || volume.downward_api.is_some()
            || volume.empty_dir.is_some()
    })
}

fn mounts(service: &Microservice) -> Vec<VolumeMount> {
    let mut all = vec![
        Release::mount(),
        VolumeMount {
            name: "tmp".to_owned(),
            mount_path: "/tmp".to_owned(),
            ..VolumeMount::default()
        },
    ];
    let present: Vec<_> = configuration(service).map(|volume| volume.name).collect();
    let own = service.spec.volume_mounts.iter();
    for mount in own.filter(|mount| present.contains(&mount.name)) {
        all.retain(|ours| ours.mount_path != mount.mount_path);
        all.push(mount.clone());
    }
    all
}

fn container(service: &Microservice, image: &str, release: &Release, phase: Phase) -> Container {
    let mut environment = describe(&service.name_any());
    environment.extend(service.spec.datasource.as_ref().and_then(datasource));
    // What the database may need to be reached; variables of later places win.
    environment.extend(service.spec.env.iter().cloned());
    let policy = service
        .spec
        .runtime
        .as_ref()
        .map(|runtime| runtime.pull_policy)
        .unwrap_or_default();
    let amount = |text: &str| Quantity(text.to_owned());
    Container {
        name: "migrate".to_owned(),
        image: Some(image.to_owned()),
        image_pull_policy: Some(policy.as_str().to_owned()),
        args: Some(arguments(service, release, phase)),
        env: Some(environment),
        env_from: (!service.spec.env_from.is_empty()).then(|| service.spec.env_from.clone()),
        resources: Some(ResourceRequirements {
            requests: Some(
                [("cpu", "50m"), ("memory", "64Mi")]
                    .map(|(key, text)| (key.to_owned(), amount(text)))
                    .into(),
            ),
            ..ResourceRequirements::default()
        }),
        volume_mounts: Some(mounts(service)),
        security_context: Some(restricted()),
        // Of one that failed, the last lines of the log say why.
        termination_message_path: Some(REPORT.to_owned()),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

fn arguments(service: &Microservice, release: &Release, phase: Phase) -> Vec<String> {
    let mut arguments = ["migrate", "apply"].map(str::to_owned).to_vec();
    arguments.push(release.path());
    arguments.push(format!("--phase={}", phase.as_str()));
    arguments.push(format!("--report={REPORT}"));
    // The pods make no table, not even that of the answers to calls with a `request_id`.
    arguments.push("--key-values".to_owned());
    // The Job's own time is the bound.
    arguments.push(format!(
        "--lock-wait={}",
        service.spec.migrations.deadline_seconds
    ));
    match phase {
        Phase::Expand => arguments.push("--no-downtime".to_owned()),
        Phase::Contract if service.spec.migrations.allow_destructive => {
            arguments.push("--allow-destructive".to_owned());
        }
        Phase::Contract => {}
    }
    arguments
}

/// How a Job is, with what its last pod left behind.
#[must_use]
pub fn state(job: Option<&Job>, pods: &[Pod]) -> (JobState, Vec<String>) {
    let Some(job) = job else {
        return (JobState::Absent, Vec::new());
    };
    let conditions = job
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let is = |kind: &str| {
        let mut conditions = conditions.into_iter().flatten();
        conditions.find(|one| one.type_ == kind && one.status == "True")
    };
    let report = last_words(pods);
    if is("Complete").is_some() {
        return (
            JobState::Complete,
            report.lines().map(str::to_owned).collect(),
        );
    }
    match is("Failed") {
        None => (JobState::Running, Vec::new()),
        Some(failed) => {
            let why = match report.trim() {
                "" => failed
                    .message
                    .clone()
                    .unwrap_or_else(|| "it gave up".to_owned()),
                report => report.to_owned(),
            };
            (JobState::Failed(why), Vec::new())
        }
    }
}

/// What the container of the pod that ended last left behind.
fn last_words(pods: &[Pod]) -> String {
    let mut ended: Vec<_> = pods
        .iter()
        .filter_map(|pod| pod.status.as_ref()?.container_statuses.as_ref()?.first())
        .filter_map(|container| container.state.as_ref()?.terminated.as_ref())
        .collect();
    ended.sort_by_key(|ended| ended.finished_at.as_ref().map(|time| time.0));
    let last = ended.last().and_then(|ended| ended.message.clone());
    last.unwrap_or_default()
}

#[cfg(test)]
mod tests;
