use k8s_openapi::api::{
    batch::v1::{JobCondition, JobStatus},
    core::v1::{ContainerState, ContainerStateTerminated, ContainerStatus, PodStatus},
};

use super::*;
use crate::{
    api::{Datasource, KeySelector, MicroserviceSpec, SchemaSource},
    children::Content,
};

fn service() -> Microservice {
    let spec = MicroserviceSpec {
        schema: Some(SchemaSource::default()),
        datasource: Some(Datasource {
            secret: Some(KeySelector {
                name: "database".to_owned(),
                key: "url".to_owned(),
            }),
            url: None,
        }),
        ..MicroserviceSpec::default()
    };
    Microservice::new("shop", spec)
}

fn release() -> Release {
    let file = ("shop.proto".to_owned(), "syntax = \"proto3\";".to_owned());
    Release::new("shop", Content::Files([file].into()))
}

fn rendered(phase: Phase) -> Job {
    let service = service();
    let release = release();
    job(
        &service,
        &Facts::default(),
        "image:1",
        &release,
        "shop-job",
        phase,
    )
}

#[test]
fn a_migration_is_known_by_schema_image_and_database() {
    let service = service();
    let base = key(&service, "image:1", "abc");
    assert_eq!(base, key(&service, "image:1", "abc"));
    assert_ne!(base, key(&service, "image:2", "abc"));
    assert_ne!(base, key(&service, "image:1", "abd"));
    let mut other = service.clone();
    other
        .spec
        .datasource
        .as_mut()
        .expect("given")
        .secret
        .as_mut()
        .expect("given")
        .name = "other".to_owned();
    assert_ne!(base, key(&other, "image:1", "abc"));
    let mut scaled = service.clone();
    scaled.spec.replicas = 7;
    assert_eq!(
        base,
        key(&scaled, "image:1", "abc"),
        "what is no business of the database"
    );
}

#[test]
fn what_is_another_migration_is_another_job() {
    let mut service = service();
    let expand = name(&service, "b", Some("a"), Phase::Expand);
    assert!(expand.starts_with("shop-expand-"), "{expand}");
    assert_eq!(expand, name(&service, "b", Some("a"), Phase::Expand));
    assert_ne!(
        expand,
        name(&service, "b", Some("c"), Phase::Expand),
        "going back"
    );
    let contract = name(&service, "b", Some("a"), Phase::Contract);
    service.spec.migrations.allow_destructive = true;
    assert_ne!(contract, name(&service, "b", Some("a"), Phase::Contract));
    assert_eq!(expand, name(&service, "b", Some("a"), Phase::Expand));
    service.metadata.name = Some("a-name-of-forty-eight-characters-is-what-may-be".to_owned());
    let long = name(&service, "b", None, Phase::Contract);
    assert!(long.len() <= 63 && long.contains("-contract-"), "{long}");
}

#[test]
fn data_is_lost_only_when_told_and_behind_the_rollout() {
    let arguments = |job: Job| {
        let pod = job.spec.expect("given").template.spec.expect("given");
        pod.containers[0].args.clone().expect("given").join(" ")
    };
    let expand = arguments(rendered(Phase::Expand));
    assert!(
        expand.starts_with("migrate apply /etc/protoloop/schema --phase=expand"),
        "{expand}"
    );
    assert!(
        expand.contains("--no-downtime") && !expand.contains("destructive"),
        "{expand}"
    );
    // The pods do not make the table of the answers to calls with a `request_id`.
    assert!(expand.contains(" --key-values "), "{expand}");
    let contract = arguments(rendered(Phase::Contract));
    assert!(!contract.contains("destructive"), "{contract}");
    let mut service = service();
    service.spec.migrations.allow_destructive = true;
    let release = release();
    let all = job(
        &service,
        &Facts::default(),
        "image:1",
        &release,
        "k",
        Phase::Contract,
    );
    assert!(arguments(all).ends_with("--allow-destructive"));
    let expand = job(
        &service,
        &Facts::default(),
        "image:1",
        &release,
        "k",
        Phase::Expand,
    );
    assert!(!arguments(expand).contains("destructive"));
}

/// The Service's selector is name and instance; a Job's pod among its endpoints would be asked for answers.
#[test]
fn no_service_takes_a_jobs_pod_for_its_own() {
    let job = rendered(Phase::Expand);
    let template = job.spec.expect("given").template;
    let labels = template.metadata.expect("given").labels.expect("given");
    let selector = crate::children::selector("shop");
    assert!(
        selector
            .iter()
            .any(|(key, value)| labels.get(key) != Some(value)),
        "{labels:?}"
    );
}

fn ended(kind: &str, message: &str) -> (Job, Pod) {
    let condition = JobCondition {
        type_: kind.to_owned(),
        status: "True".to_owned(),
        message: Some("Job has reached the specified backoff limit".to_owned()),
        ..JobCondition::default()
    };
    let job = Job {
        status: Some(JobStatus {
            conditions: Some(vec![condition]),
            ..JobStatus::default()
        }),
        ..Job::default()
    };
    let terminated = ContainerStateTerminated {
        message: Some(message.to_owned()),
        ..ContainerStateTerminated::default()
    };
    let container = ContainerStatus {
        state: Some(ContainerState {
            terminated: Some(terminated),
            ..ContainerState::default()
        }),
        ..ContainerStatus::default()
    };
    let pod = Pod {
        status: Some(PodStatus {
            container_statuses: Some(vec![container]),
            ..PodStatus::default()
        }),
        ..Pod::default()
    };
    (job, pod)
}

#[test]
fn what_a_job_says_is_passed_on() {
    assert_eq!(state(None, &[]).0, JobState::Absent);
    assert_eq!(state(Some(&Job::default()), &[]).0, JobState::Running);
    let (job, pod) = ended(
        "Complete",
        "done: create table books (expand)\nleft: drop column books.pages\n",
    );
    let (found, report) = state(Some(&job), &[pod]);
    assert_eq!(found, JobState::Complete);
    assert_eq!(
        report,
        [
            "done: create table books (expand)",
            "left: drop column books.pages"
        ]
    );
    let (job, pod) = ended("Failed", "error: no such host\n");
    let (found, _) = state(Some(&job), &[pod]);
    assert_eq!(found, JobState::Failed("error: no such host".to_owned()));
    let (found, _) = state(Some(&job), &[]);
    let told = "Job has reached the specified backoff limit";
    assert_eq!(
        found,
        JobState::Failed(told.to_owned()),
        "its pods are gone"
    );
}
