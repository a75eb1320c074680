//! What stands between a resource and the pods of its schema.
//!
//! [`before`] is asked in each reconcile before any object is applied, and answers with a [`Verdict`]: which schema may be served
//! now, what routes it has, and what is to be told about it. Whatever it holds back (a schema that does not compile, one that breaks
//! callers, a migration that is not done), the answer names the schema that is served instead, and everything else of the resource
//! is still kept up to date. [`after`] is asked once the objects are applied, and told whether the rollout is complete: the place
//! for what may only be done when no pod of the former schema is left.
//!
//! Both may write to the cluster, through [`Context::may_write`] first. What is decided, is decided by [`decide`].

mod job;
mod source;

use std::time::Duration;

use k8s_openapi::{
    api::{apps::v1::Deployment, core::v1::Pod},
    jiff::Timestamp,
};
use kube::{Api, ResourceExt as _, api::ListParams};

use super::{Context, Error, Finding};
use crate::{
    api::{Microservice, MigrationMode, Revision, SchemaStatus},
    children::{Release, SCHEMA, Surface, selector_text},
    schema::{
        Candidate, Compiler, Decision, JobState, Migrates, Phase, Said, Situation, Wanted, decide,
        jobs,
    },
};

/// Schemas that are kept to go back to, beside the one that is served.
const KEPT: usize = 10;
/// Between two looks at a Job, should its watch miss something.
const SOON: Duration = Duration::from_secs(10);

/// Between two looks at pods that drain, which nothing tells of.
const DRAINING: Duration = Duration::from_secs(1);

/// Times as the API server writes them; their texts are ordered as they are.
const RFC_3339: &str = "%Y-%m-%dT%H:%M:%SZ";

/// What may be rolled out now.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// The schema that pods may serve; `None` where none ever could be.
    pub release: Option<Release>,
    /// What it answers, for routes.
    pub surface: Option<Surface>,
    /// What is to be told: `SchemaValid`, `SchemaCompatible`, `Migrated`.
    pub findings: Vec<Finding>,
    /// What the resource's status says of the schema.
    pub status: Option<SchemaStatus>,
    /// Names of objects that are not children but must stay: ConfigMaps of revisions, Jobs.
    pub keep: Vec<String>,
    /// When to ask again, where no watch tells.
    pub again: Option<Duration>,
    /// What [`after`] goes on from, where a rollout that is complete is followed by something.
    rest: Option<Box<Rest>>,
}

/// What [`before`] found out.
#[derive(Clone, Debug)]
struct Rest {
    situation: Situation,
    candidate: Candidate,
    wanted: Release,
    image: String,
}

/// Which schema may be served now.
///
/// # Errors
/// What the API server answers; and when the schema that is served is to stay and is nowhere any more.
pub(super) async fn before(
    context: &Context,
    service: &Microservice,
    before: Option<&SchemaStatus>,
) -> Result<Verdict, Error> {
    let Some(source) = &service.spec.schema else {
        return Ok(Verdict::default());
    };
    let mut known = before.cloned().unwrap_or_default();
    if known.serving.is_none() {
        known.serving = given_to_pods(context, service).await?;
        if let Some(serving) = &known.serving {
            known.revisions = source::kept(context, service, serving, &now()).await?;
        }
    }
    let served = match &known.serving {
        Some(digest) => source::revision(context, service, digest).await?,
        None => None,
    };
    let found = source::wanted(context, service, source).await?;
    let served_digest = known.serving.as_ref();
    let image = image(context, service, found.as_ref().ok(), served_digest);
    let wanted = candidate(service, served.as_ref(), found.as_ref(), &image);
    let mut situation = Situation {
        wanted,
        serving: known.serving.clone(),
        migrates: migrates(service),
        expanded: known.expanded.clone(),
        contracted: known.contracted.clone(),
        expand: JobState::Absent,
        contract: JobState::Absent,
        rolled_out: false,
    };
    let mut status = known;
    if let (Migrates::Jobs, Wanted::Valid(candidate)) = (situation.migrates, &situation.wanted)
        && situation.expanded.as_ref() != Some(&candidate.key)
    {
        let name = job::name(service, &situation, candidate, Phase::Expand);
        let since = status.revisions.first().map(|served| &*served.created);
        let (state, report) = job::state(context, service, &name, since).await?;
        situation.expand = state;
        if situation.expand == JobState::Complete {
            status.plan = report;
        }
    }
    let decision = decide(&situation);
    let wanted = found.ok();
    if let (Some(Phase::Expand), Some(wanted), Wanted::Valid(candidate), JobState::Absent) =
        (decision.job, &wanted, &situation.wanted, &situation.expand)
    {
        let name = job::name(service, &situation, candidate, Phase::Expand);
        job::begin(context, service, wanted, &name, Phase::Expand, &image).await?;
    }
    let is = |release: &&Release| Some(&release.digest) == decision.release.as_ref();
    let release = wanted
        .as_ref()
        .filter(is)
        .or(served.as_ref().filter(is))
        .cloned();
    if let (None, Some(lost)) = (&release, &decision.release) {
        // Without it the Deployment would be taken away.
        return Err(Error::Missing(format!(
            "the schema {lost} is served and its ConfigMap is gone; pods stay as they are until another one may be served"
        )));
    }
    let rest = rest(&situation, &decision, wanted.as_ref(), &image);
    Ok(verdict(decision, &situation, release, wanted, status, rest))
}

/// What is left to do once every pod serves the new schema.
///
/// # Errors
/// What the API server answers.
pub(super) async fn after(
    context: &Context,
    service: &Microservice,
    verdict: &mut Verdict,
    complete: bool,
) -> Result<(), Error> {
    let Some(rest) = verdict.rest.take() else {
        return Ok(());
    };
    let rest = *rest;
    let mut situation = rest.situation;
    situation.serving = Some(rest.candidate.digest.clone());
    let contracts = !rest.candidate.is_contracted(situation.contracted.as_ref());
    let leaving = complete && contracts && any_leaves(context, service).await?;
    if leaving {
        verdict.again = Some(DRAINING);
    }
    let complete = complete && !leaving;
    situation.rolled_out = complete;
    let name = job::name(service, &situation, &rest.candidate, Phase::Contract);
    let mut report = Vec::new();
    if complete && contracts {
        let status = verdict.status.as_ref();
        let served = status.and_then(|status| status.revisions.first());
        let since = served.map(|served| &*served.created);
        (situation.contract, report) = job::state(context, service, &name, since).await?;
    }
    let decision = decide(&situation);
    if decision.job == Some(Phase::Contract) {
        verdict.again = Some(SOON);
        if situation.contract == JobState::Absent {
            let phase = Phase::Contract;
            job::begin(context, service, &rest.wanted, &name, phase, &rest.image).await?;
        }
    }
    if let Some(status) = &mut verdict.status {
        status.expanded = decision.expanded;
        status.contracted = decision.contracted;
        // Mostly there is nothing to contract, and what was expanded is worth more to who looks.
        if situation.contract == JobState::Complete && !report.is_empty() {
            status.plan = report;
        }
    }
    let [.., migrated] = decision.said;
    verdict.findings.push(finding(migrated));
    Ok(())
}

/// Whether a pod is on its way out: while it drains it still answers calls, by the schema that it has. A Deployment does not
/// count it any more.
async fn any_leaves(context: &Context, service: &Microservice) -> Result<bool, Error> {
    let namespace = service.namespace().unwrap_or_default();
    let pods: Api<Pod> = Api::namespaced(context.client().clone(), &namespace);
    let of_service = ListParams::default().labels(&selector_text(&service.name_any()));
    let is_over = |pod: &Pod| {
        let phase = pod
            .status
            .as_ref()
            .and_then(|status| status.phase.as_deref());
        matches!(phase, Some("Succeeded" | "Failed"))
    };
    let leaves = |pod: &Pod| pod.metadata.deletion_timestamp.is_some() && !is_over(pod);
    Ok(pods.list(&of_service).await?.items.iter().any(leaves))
}

/// What [`after`] has to do: nothing while another schema than the wanted one is served.
fn rest(
    situation: &Situation,
    decision: &Decision,
    wanted: Option<&Release>,
    image: &str,
) -> Option<Box<Rest>> {
    let Wanted::Valid(candidate) = &situation.wanted else {
        return None;
    };
    let wanted = wanted.filter(|wanted| decision.release.as_ref() == Some(&wanted.digest))?;
    let expanded = decision.expanded.as_ref() == Some(&candidate.key);
    (situation.migrates == Migrates::Jobs && expanded).then(|| {
        Box::new(Rest {
            situation: Situation {
                expanded: decision.expanded.clone(),
                ..situation.clone()
            },
            candidate: candidate.clone(),
            wanted: wanted.clone(),
            image: image.to_owned(),
        })
    })
}

/// The schema that pods were given, where no status tells: it may have been lost, and pods must not be.
async fn given_to_pods(context: &Context, service: &Microservice) -> Result<Option<String>, Error> {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<Deployment> = Api::namespaced(context.client().clone(), &namespace);
    let found = api.get_opt(&service.name_any()).await?;
    let is_ours = |found: &Deployment| {
        let uid = service.uid();
        found
            .owner_references()
            .iter()
            .any(|owner| Some(&owner.uid) == uid.as_ref())
    };
    let spec = found.filter(is_ours).and_then(|found| found.spec);
    let metadata = spec.and_then(|spec| spec.template.metadata);
    let annotations = metadata.and_then(|metadata| metadata.annotations);
    Ok(annotations.and_then(|mut annotations| annotations.remove(SCHEMA)))
}

fn verdict(
    decision: Decision,
    situation: &Situation,
    release: Option<Release>,
    wanted: Option<Release>,
    mut status: SchemaStatus,
    rest: Option<Box<Rest>>,
) -> Verdict {
    let compiler = Compiler::shared();
    if let Some(release) = &release {
        compiler.remember(&release.content);
    }
    let checked = |release: &Option<Release>| {
        let checked = release
            .as_ref()
            .map(|release| compiler.check(&release.content));
        checked.and_then(Result::ok).unwrap_or_default()
    };
    status.warnings = checked(&wanted).warnings;
    status.serving.clone_from(&decision.release);
    status.wanted = wanted.as_ref().map(|wanted| wanted.digest.clone());
    status.expanded.clone_from(&decision.expanded);
    status.contracted.clone_from(&decision.contracted);
    status.revisions = revisions(status.revisions, release.as_ref(), &now());
    let mut keep: Vec<String> = status
        .revisions
        .iter()
        .map(|one| one.config_map.clone())
        .collect();
    keep.extend(wanted.map(|wanted| wanted.config_map));
    let again = (decision.job.is_some() && situation.expand == JobState::Running).then_some(SOON);
    let left = usize::from(rest.is_some());
    let said = decision.said.into_iter().take(3 - left);
    Verdict {
        surface: release.is_some().then(|| checked(&release).surface),
        findings: said.map(finding).collect(),
        release,
        status: Some(status),
        keep,
        again,
        rest,
    }
}

fn finding(said: Said) -> Finding {
    use crate::api::ConditionStatus::{False, True, Unknown};
    match said.status {
        True => Finding::yes(said.kind, said.reason, said.message),
        False => Finding::no(said.kind, said.reason, said.message),
        Unknown => Finding::unknown(said.kind, said.reason, said.message),
    }
}

/// The schema that is asked for.
fn candidate(
    service: &Microservice,
    served: Option<&Release>,
    found: Result<&Release, &String>,
    image: &str,
) -> Wanted {
    let release = match found {
        Ok(release) => release,
        Err(missing) => return Wanted::Missing(missing.clone()),
    };
    let compiler = Compiler::shared();
    let checked = match compiler.check(&release.content) {
        Ok(checked) => checked,
        Err(problems) => return Wanted::Invalid(problems),
    };
    let breaking = served.map(|served| compiler.breaking(&served.content, &release.content));
    let source = service.spec.schema.as_ref();
    Wanted::Valid(Candidate {
        digest: release.digest.clone(),
        key: jobs::key(service, image, &release.digest),
        warnings: checked.warnings.len(),
        breaking: breaking.unwrap_or_default(),
        agreed: source.is_some_and(|source| source.allow_breaking || source.rollback_to.is_some()),
        destructive: service.spec.migrations.allow_destructive,
    })
}

/// The image that the pods of a schema run with, and so its Jobs: the one that they have while the schema stays, because a newer
/// operator restarts nobody.
fn image(
    context: &Context,
    service: &Microservice,
    wanted: Option<&Release>,
    serving: Option<&String>,
) -> String {
    let runtime = service.spec.runtime.as_ref();
    if let Some(given) = runtime.and_then(|runtime| runtime.image.clone()) {
        return given;
    }
    let stays = wanted.is_some_and(|wanted| Some(&wanted.digest) == serving);
    let uid = service.uid().unwrap_or_default();
    let present = context.status_of(&uid, service.status.as_ref()).image;
    let present = present.filter(|_| stays);
    present.unwrap_or_else(|| context.runtime_image.clone())
}

/// Who migrates: a file that one pod has, or what is in its memory, is that pod's.
fn migrates(service: &Microservice) -> Migrates {
    let url = service
        .spec
        .datasource
        .as_ref()
        .and_then(|datasource| datasource.url.as_deref());
    let own = url.is_some_and(|url| url.starts_with("sqlite:") || url.starts_with("memory:"));
    match service.spec.migrations.mode {
        MigrationMode::Never => Migrates::Nobody,
        MigrationMode::OnStart => Migrates::Pods,
        MigrationMode::Job if own => Migrates::Pods,
        MigrationMode::Job => Migrates::Jobs,
    }
}

/// The schemas that were served, with the one that is served now in front.
fn revisions(mut revisions: Vec<Revision>, release: Option<&Release>, now: &str) -> Vec<Revision> {
    if let Some(release) = release
        && revisions
            .first()
            .is_none_or(|first| first.name != release.digest)
    {
        revisions.retain(|revision| revision.name != release.digest);
        let revision = Revision {
            name: release.digest.clone(),
            config_map: release.config_map.clone(),
            created: now.to_owned(),
        };
        revisions.insert(0, revision);
    }
    revisions.truncate(KEPT);
    revisions
}

fn now() -> String {
    Timestamp::now().strftime(RFC_3339).to_string()
}

#[cfg(test)]
mod tests;
