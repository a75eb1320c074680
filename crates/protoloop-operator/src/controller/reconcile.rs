//! One look at one resource.
//!
//! What is to be there is rendered, what is not there yet is applied, what is not wanted any more is deleted, and how things are
//! is written into the status, if that is news. A look at a resource at which everything is as it should be writes nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, ResourceExt as _, runtime::controller::Action};
use serde_json::json;

use super::{
    Context, Error, Finding, Key, References,
    apply::{Owner, converge},
    gate::{self, Verdict},
    observed::{Detail, Observed, lasting_digest},
    report::{claim, report, status},
    rollout,
};
use crate::{
    api::{ConditionStatus, Microservice, MicroserviceStatus, Source, condition},
    children::{Child, ChildKind, Facts, RenderError, render},
};

/// While something is not yet as it should be and no watch would tell.
const SOON: Duration = Duration::from_secs(5);
/// In case a watch has missed something.
const SOMETIME: Duration = Duration::from_secs(1800);

/// One look at `service`.
pub(super) async fn reconcile(
    service: Arc<Microservice>,
    context: Arc<Context>,
) -> Result<Action, Error> {
    let uid = service.uid().unwrap_or_default();
    // What is being deleted is cleared away by the cluster: every child has its owner.
    if !context.leadership.holds() || service.metadata.deletion_timestamp.is_some() {
        return Ok(Action::await_change());
    }
    let begun = Instant::now();
    let outcome = look(&context, &service, &uid).await;
    let (result, answer) = match outcome {
        Ok(action) => {
            context.succeeded(&uid);
            ("ok", Ok(action))
        }
        // Whoever leads now looks at it; we do when we lead again.
        Err(Error::NotLeading) => ("not_leading", Ok(Action::await_change())),
        Err(error) => {
            context.metrics.failed(error.reason());
            ("error", Err(error))
        }
    };
    context.metrics.reconciled(result, begun.elapsed());
    answer
}

/// When to look again behind a failure.
pub(super) fn again(service: &Microservice, error: &Error, context: &Context) -> Action {
    let wait = match error {
        Error::Leaving(_) => Duration::from_millis(500),
        _ => context.failed(&service.uid().unwrap_or_default()),
    };
    tracing::warn!(
        namespace = service.namespace().unwrap_or_default(),
        name = service.name_any(),
        reason = error.reason(),
        %error,
        wait_ms = wait.as_millis(),
        "a reconcile failed"
    );
    Action::requeue(wait)
}

/// What one look found out.
#[derive(Default)]
pub(super) struct Look {
    pub(super) findings: Vec<Finding>,
    pub(super) verdict: Verdict,
    /// What was rendered.
    pub(super) image: Option<String>,
    pub(super) template: Option<String>,
    /// Whether pods are replaced along with those of other services.
    pub(super) shares: bool,
    /// What is left to report to the caller when the status is written.
    error: Option<Error>,
}

async fn look(context: &Context, service: &Microservice, uid: &str) -> Result<Action, Error> {
    let namespace = service.namespace().unwrap_or_default();
    let before = context.status_of(uid, service.status.as_ref());
    let mut look = Look::default();
    match drive(context, service, uid, &namespace, &before, &mut look).await {
        Ok(()) => {}
        Err(Error::NotLeading) => return Err(Error::NotLeading),
        Err(error) => {
            look.findings.push(Finding::no(
                condition::APPLIED,
                error.reason(),
                error.message(),
            ));
            look.error = Some(error);
        }
    }
    let observed = deployment(context, &namespace, service);
    if let Err(error) = observe(context, service, &namespace, observed.as_ref(), &mut look).await {
        look.error = look.error.or(Some(error));
    }
    let status = status(service, &before, &look, observed.as_ref());
    if !status.shared_rollout {
        context.rollouts.completed(uid);
    }
    report(context, service, uid, &namespace, &before, status).await?;
    match look.error {
        Some(error) => Err(error),
        None => Ok(Action::requeue(look.verdict.again.unwrap_or(SOMETIME))),
    }
}

/// Brings everything to what it should be.
async fn drive(
    context: &Context,
    service: &Microservice,
    uid: &str,
    namespace: &str,
    before: &MicroserviceStatus,
    look: &mut Look,
) -> Result<(), Error> {
    if service.spec.operation.paused {
        let message = "spec.operation.paused: nothing is changed";
        look.findings
            .push(Finding::unknown(condition::APPLIED, "Paused", message));
        look.image.clone_from(&before.image);
        look.template.clone_from(&before.template);
        look.verdict.status.clone_from(&before.schema);
        return Ok(());
    }
    let checksum = references(context, service, namespace, look).await?;
    look.verdict = gate::before(context, service, before.schema.as_ref()).await?;
    look.findings.append(&mut look.verdict.findings);
    let facts = Facts {
        runtime_image: context.runtime_image.clone(),
        managed_by: super::FIELD_MANAGER.to_owned(),
        apis: *context.apis.borrow(),
        release: look.verdict.release.clone(),
        surface: look.verdict.surface.clone(),
        checksum,
        owner: Some(owner(service, uid)),
    };
    let Some((children, held)) = choose(context, service, facts, before, look) else {
        return Ok(());
    };
    if look.shares && !before.shared_rollout {
        claim(context, service, uid, namespace, before).await?;
    }
    let owner = Owner {
        namespace,
        uid,
        spec: &service.spec,
        holds_pods: held,
    };
    converge(context, owner, &children, &look.verdict.keep).await?;
    if held {
        look.verdict.again = Some(SOON);
        look.findings.push(queued(context));
    } else {
        context.rollouts.applied(uid);
        look.findings.push(applied(service, context, &children));
    }
    let complete = deployment(context, namespace, service)
        .is_some_and(|observed| observed.detail.is_complete());
    gate::after(context, service, &mut look.verdict, complete).await?;
    look.findings.append(&mut look.verdict.findings);
    Ok(())
}

/// What is rendered, and whether the pods stay as they are for now. `None` where it cannot be rendered, which is told.
fn choose(
    context: &Context,
    service: &Microservice,
    facts: Facts,
    before: &MicroserviceStatus,
    look: &mut Look,
) -> Option<(Vec<Child>, bool)> {
    let accepted = |finding: &Finding| finding.kind == condition::ACCEPTED;
    let settled = match settle(service, facts, before) {
        Ok(settled) => settled,
        Err(error) => {
            let finding = Finding::no(condition::ACCEPTED, "InvalidSpec", error.to_string());
            look.findings.insert(0, finding);
            return None;
        }
    };
    if !look.findings.iter().any(accepted) {
        let message = "what is written can be done";
        let finding = Finding::yes(condition::ACCEPTED, "Accepted", message);
        look.findings.insert(0, finding);
    }
    let place = place(context, service, before, &settled, look);
    let held = place == Some(false);
    look.shares = place == Some(true);
    // What pods have stays remembered until they get something else.
    (look.image, look.template) = match held {
        true => (before.image.clone(), before.template.clone()),
        false => (settled.image, settled.template),
    };
    Some((settled.children, held))
}

/// The checksum of what pods refer to. While something of that is missing it stays what it was: new pods could not start.
async fn references(
    context: &Context,
    service: &Microservice,
    namespace: &str,
    look: &mut Look,
) -> Result<Option<String>, Error> {
    let references = References::of(service);
    context.index.replace(
        namespace,
        &service.name_any(),
        &references.with_schema(service),
    );
    let contents = context
        .index
        .contents(context.client(), namespace, &references)
        .await?;
    let kept = || match deployment(context, namespace, service)?.detail {
        Detail::Deployment(state) => state.checksum,
        Detail::None | Detail::Route(_) => None,
    };
    if !contents.missing.is_empty() {
        let message = format!(
            "pods refer to what is not there: {}",
            contents.missing.join(", ")
        );
        look.findings.push(Finding::no(
            condition::ACCEPTED,
            "ReferenceMissing",
            message,
        ));
        return Ok(kept());
    }
    Ok(contents
        .checksum
        .filter(|_| service.spec.rollout.restart_on_change))
}

/// Whether there is a place for pods that do well and would be replaced though their resource has not changed; `None` where none
/// is needed. A schema has its own way to the pods.
fn place(
    context: &Context,
    service: &Microservice,
    before: &MicroserviceStatus,
    settled: &Settled,
    look: &Look,
) -> Option<bool> {
    let release = look.verdict.release.as_ref().map(|release| &release.digest);
    let serving = before
        .schema
        .as_ref()
        .and_then(|schema| schema.serving.as_ref());
    let by_itself = before.template.is_some()
        && before.template != settled.template
        && before.observed_generation == service.metadata.generation
        && release == serving;
    let namespace = service.namespace().unwrap_or_default();
    let do_well = || {
        deployment(context, &namespace, service)
            .is_some_and(|observed| observed.detail.is_complete())
    };
    (by_itself && do_well()).then(|| context.may_roll(&service.uid().unwrap_or_default()))
}

fn queued(context: &Context) -> Finding {
    let message = format!(
        "new pods wait: those of {} other services are being replaced",
        context.rollouts.most()
    );
    Finding::yes(condition::APPLIED, "RolloutQueued", message)
}

fn owner(service: &Microservice, uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: Microservice::api_version(&()).into_owned(),
        kind: Microservice::kind(&()).into_owned(),
        name: service.name_any(),
        uid: uid.to_owned(),
        controller: Some(true),
        // Blocking would need the right to set finalizers, on clusters that check it.
        block_owner_deletion: None,
    }
}

/// What is applied, with the image that was chosen for it.
pub(super) struct Settled {
    pub(super) children: Vec<Child>,
    pub(super) image: Option<String>,
    pub(super) template: Option<String>,
}

/// Renders with the image that pods have; with the operator's own when the pods change anyway. So a newer operator restarts nobody.
pub(super) fn settle(
    service: &Microservice,
    mut facts: Facts,
    before: &MicroserviceStatus,
) -> Result<Settled, RenderError> {
    let chosen = facts.runtime_image.clone();
    let is_ours = !matches!(service.spec.source(), Some(Source::Image(_)));
    let free = is_ours
        && service
            .spec
            .runtime
            .as_ref()
            .is_none_or(|runtime| runtime.image.is_none());
    if let Some(present) = before.image.as_ref().filter(|_| free) {
        facts.runtime_image.clone_from(present);
    }
    let children = render(service, &facts)?;
    let (template, image) = template_of(&children, free);
    if free && template != before.template && facts.runtime_image != chosen {
        facts.runtime_image = chosen;
        let children = render(service, &facts)?;
        let (template, image) = template_of(&children, free);
        return Ok(Settled {
            children,
            image,
            template,
        });
    }
    Ok(Settled {
        children,
        image,
        template,
    })
}

/// Digest of the pod template without the image, and of whether that was ours to choose; and the image.
fn template_of(children: &[Child], free: bool) -> (Option<String>, Option<String>) {
    let deployment = children.iter().find_map(|child| match child {
        Child::Deployment(deployment) => deployment.spec.as_ref(),
        _ => None,
    });
    let Some(mut template) = deployment.map(|spec| spec.template.clone()) else {
        return (None, None);
    };
    let containers = template.spec.iter_mut().flat_map(|pod| &mut pod.containers);
    let mut images = containers
        .filter(|container| container.name == crate::children::CONTAINER)
        .map(|container| container.image.take());
    let image = images.next().flatten();
    drop(images);
    // The tag of a gateway's image stands in a label too.
    if let Some(labels) = template
        .metadata
        .as_mut()
        .and_then(|metadata| metadata.labels.as_mut())
    {
        labels.remove(crate::children::VERSION);
    }
    for container in template.spec.iter_mut().flat_map(|pod| &mut pod.containers) {
        for variable in container
            .env
            .iter_mut()
            .flatten()
            .filter(|variable| variable.name == "OTEL_RESOURCE_ATTRIBUTES")
        {
            variable.value = variable.value.take().map(|value| {
                value
                    .split(",service.version=")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            });
        }
    }
    let value = json!([free, template]);
    (Some(lasting_digest(&value)), image)
}

fn applied(service: &Microservice, context: &Context, children: &[Child]) -> Finding {
    let apis = *context.apis.borrow();
    let keda = service
        .spec
        .autoscaling
        .as_ref()
        .is_some_and(|scaling| scaling.class == crate::api::AutoscalingClass::Keda);
    if keda && !apis.scaled_object {
        let message = "autoscaling.class is Keda, but this cluster does not have KEDA: the number of pods stays as it is";
        return Finding::no(condition::APPLIED, "ApiMissing", message);
    }
    let without = service.spec.service_monitor.is_some() && !apis.service_monitor;
    let mut message = format!("{} objects are as they should be", children.len());
    if without {
        message += "; no ServiceMonitor: this cluster does not have the Prometheus operator";
    }
    Finding::yes(condition::APPLIED, "Applied", message)
}

fn deployment(context: &Context, namespace: &str, service: &Microservice) -> Option<Observed> {
    let found = context.cache.get(&Key {
        kind: ChildKind::Deployment,
        namespace: namespace.to_owned(),
        name: service.name_any(),
    });
    let uid = service.uid().unwrap_or_default();
    found.filter(|observed| {
        observed
            .owner
            .as_ref()
            .is_some_and(|(owner, _)| *owner == uid)
    })
}

/// Adds what is known of pods and routes.
async fn observe(
    context: &Context,
    service: &Microservice,
    namespace: &str,
    deployment: Option<&Observed>,
    look: &mut Look,
) -> Result<(), Error> {
    let name = service.name_any();
    let available = rollout::available(context, service, namespace, &name, deployment).await?;
    if available.status != ConditionStatus::True
        && available.reason != "Stopped"
        && deployment.is_some()
    {
        let again = &mut look.verdict.again;
        *again = Some(again.map_or(SOON, |again| again.min(SOON)));
    }
    look.findings.push(available);
    let apis = *context.apis.borrow();
    let state = |kind: ChildKind| {
        let key = Key {
            kind,
            namespace: namespace.to_owned(),
            name: name.clone(),
        };
        context
            .cache
            .get(&key)
            .and_then(|observed| match observed.detail {
                Detail::Route(parents) => Some(parents),
                Detail::None | Detail::Deployment(_) => None,
            })
    };
    let mut routes = Vec::new();
    if let Some(wanted) = &service.spec.routes {
        routes.extend(
            wanted
                .grpc
                .as_ref()
                .map(|_| ("GRPCRoute", state(ChildKind::GrpcRoute))),
        );
        routes.extend(
            wanted
                .http
                .as_ref()
                .map(|_| ("HTTPRoute", state(ChildKind::HttpRoute))),
        );
    }
    look.findings
        .extend(rollout::routed(service, apis, &routes));
    Ok(())
}

#[cfg(test)]
mod tests;
