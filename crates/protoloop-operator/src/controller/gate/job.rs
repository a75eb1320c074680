//! The Jobs of one service in the cluster.

use k8s_openapi::api::{
    batch::v1::Job,
    core::v1::{ConfigMap, Pod},
};
use kube::{
    Api, Resource as _, ResourceExt as _,
    api::{DeleteParams, ListParams, Patch, PatchParams, PostParams},
};

use super::{Context, Error, RFC_3339};
use crate::{
    api::Microservice,
    children::{Child, Facts, Release, render},
    controller::FIELD_MANAGER,
    schema::{Candidate, JobState, Phase, Situation, jobs},
};

/// The Job of a phase for what is wanted, from where the database is.
pub(super) fn name(
    service: &Microservice,
    situation: &Situation,
    candidate: &Candidate,
    phase: Phase,
) -> String {
    let from = match phase {
        Phase::Expand => &situation.expanded,
        Phase::Contract => &situation.contracted,
    };
    jobs::name(service, &candidate.key, from.as_deref(), phase)
}

/// How a Job is, and what it did. One that ended before the present schema was served is of an earlier turn and goes away: what
/// it did may have been taken back since.
pub(super) async fn state(
    context: &Context,
    service: &Microservice,
    name: &str,
    since: Option<&str>,
) -> Result<(JobState, Vec<String>), Error> {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<Job> = Api::namespaced(context.client().clone(), &namespace);
    let Some(job) = api.get_opt(name).await? else {
        return Ok((JobState::Absent, Vec::new()));
    };
    let ours = job
        .owner_references()
        .iter()
        .any(|owner| Some(&owner.uid) == service.uid().as_ref());
    if !ours {
        return Err(Error::NotOwned(format!(
            "Job {name} is somebody else's; rename or delete it"
        )));
    }
    let (state, _) = jobs::state(Some(&job), &[]);
    if state == JobState::Running {
        return Ok((state, Vec::new()));
    }
    let made = job
        .creation_timestamp()
        .map(|made| made.0.strftime(RFC_3339).to_string());
    if made
        .as_deref()
        .zip(since)
        .is_some_and(|(made, since)| made < since)
    {
        context.may_write()?;
        match api.delete(name, &DeleteParams::background()).await {
            Ok(_) => context.metrics.wrote("delete", "Job"),
            Err(kube::Error::Api(answer)) if answer.code == 404 => {}
            Err(error) => return Err(error.into()),
        }
        return Ok((JobState::Running, Vec::new()));
    }
    let api: Api<Pod> = Api::namespaced(context.client().clone(), &namespace);
    let of_job = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={name}"));
    let pods = api.list(&of_job).await?.items;
    Ok(jobs::state(Some(&job), &pods))
}

/// Makes the Job of a phase, with the ConfigMap that it reads.
pub(super) async fn begin(
    context: &Context,
    service: &Microservice,
    wanted: &Release,
    name: &str,
    phase: Phase,
    image: &str,
) -> Result<(), Error> {
    let namespace = service.namespace().unwrap_or_default();
    let facts = Facts {
        runtime_image: image.to_owned(),
        managed_by: FIELD_MANAGER.to_owned(),
        release: Some(wanted.clone()),
        owner: service.controller_owner_ref(&()),
        ..Facts::default()
    };
    context.may_write()?;
    if let Some(map) = config_map(service, &facts, wanted) {
        let api: Api<ConfigMap> = Api::namespaced(context.client().clone(), &namespace);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        api.patch(&wanted.config_map, &params, &Patch::Apply(&map))
            .await?;
    }
    context.may_write()?;
    let job = jobs::job(service, &facts, image, wanted, name, phase);
    let api: Api<Job> = Api::namespaced(context.client().clone(), &namespace);
    match api.create(&PostParams::default(), &job).await {
        Ok(_) => {
            context.metrics.wrote("create", "Job");
            Ok(())
        }
        // Another look was faster.
        Err(kube::Error::Api(answer)) if answer.code == 409 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The ConfigMap of a schema, as it is rendered for pods.
fn config_map(
    service: &Microservice,
    facts: &Facts,
    release: &Release,
) -> Option<serde_json::Value> {
    // A resource that cannot be rendered is told elsewhere.
    let children = render(service, facts).ok()?;
    let is =
        |child: &&Child| child.name() == release.config_map && matches!(child, Child::ConfigMap(_));
    children.iter().find(is).map(Child::to_value)
}
