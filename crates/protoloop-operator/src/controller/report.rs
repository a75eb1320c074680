//! What is said of a service: its status, and events where that changes.

use k8s_openapi::jiff::Timestamp;
use kube::{
    Api, Resource as _, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::events::Event,
};
use serde_json::json;

use super::{
    Context, Error,
    conditions::{merge, transitions, with_ready},
    observed::{Detail, Observed},
    reconcile::Look,
};
use crate::{
    api::{Microservice, MicroserviceStatus, Source},
    children::selector_text,
};

/// The field manager of statuses.
const STATUS_MANAGER: &str = "protoloop-operator-status";

/// The status that follows.
pub(super) fn status(
    service: &Microservice,
    before: &MicroserviceStatus,
    look: &Look,
    deployment: Option<&Observed>,
) -> MicroserviceStatus {
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let generation = service.metadata.generation;
    let findings = with_ready(look.findings.clone());
    let pods = deployment.and_then(|observed| match &observed.detail {
        Detail::Deployment(state) => Some(state),
        Detail::None | Detail::Route(_) => None,
    });
    let complete = deployment.is_none_or(|observed| observed.detail.is_complete());
    MicroserviceStatus {
        observed_generation: generation,
        conditions: merge(&before.conditions, &findings, generation, &now),
        replicas: pods.map(|state| state.replicas).unwrap_or_default(),
        ready: pods.map(|state| format!("{}/{}", state.ready, state.wanted)),
        selector: Some(selector_text(&service.name_any())),
        source: service.spec.source().map(|source| {
            match source {
                Source::Schema(_) => "schema",
                Source::Image(_) => "image",
                Source::Gateway(_) => "gateway",
            }
            .to_owned()
        }),
        image: look.image.clone().or_else(|| before.image.clone()),
        template: look.template.clone().or_else(|| before.template.clone()),
        shared_rollout: (look.shares || before.shared_rollout) && !complete,
        schema: look.verdict.status.clone(),
    }
}

/// Says in the status that the service has a place, before its pods change: an operator that goes on from here counts it.
pub(super) async fn claim(
    context: &Context,
    service: &Microservice,
    uid: &str,
    namespace: &str,
    before: &MicroserviceStatus,
) -> Result<(), Error> {
    let status = MicroserviceStatus {
        shared_rollout: true,
        ..before.clone()
    };
    write(context, service, uid, namespace, &status).await?;
    Ok(())
}

/// Writes the status if it is another one, and tells of what changed.
pub(super) async fn report(
    context: &Context,
    service: &Microservice,
    uid: &str,
    namespace: &str,
    before: &MicroserviceStatus,
    status: MicroserviceStatus,
) -> Result<(), Error> {
    // A place may have been claimed meanwhile.
    let written = context.status_of(uid, service.status.as_ref());
    if written == status || !write(context, service, uid, namespace, &status).await? {
        return Ok(());
    }
    for transition in transitions(&before.conditions, &status.conditions) {
        let event = Event {
            type_: transition.kind,
            reason: transition.reason,
            note: Some(transition.note.chars().take(1000).collect()),
            action: transition.condition,
            secondary: None,
        };
        // An event that gets lost changes nothing: the condition says the same.
        if let Err(error) = context
            .recorder
            .publish(&event, &service.object_ref(&()))
            .await
        {
            tracing::debug!(%error, "an event could not be written");
        }
    }
    Ok(())
}

/// Writes the status. Answers whether the resource was still there.
async fn write(
    context: &Context,
    service: &Microservice,
    uid: &str,
    namespace: &str,
    status: &MicroserviceStatus,
) -> Result<bool, Error> {
    context.may_write()?;
    let api: Api<Microservice> = Api::namespaced(context.client().clone(), namespace);
    let patch = json!({
        "apiVersion": Microservice::api_version(&()),
        "kind": Microservice::kind(&()),
        // Not another one that took the name meanwhile.
        "metadata": {"name": service.name_any(), "uid": uid},
        "status": status,
    });
    let params = PatchParams::apply(STATUS_MANAGER).force();
    match api
        .patch_status(&service.name_any(), &params, &Patch::Apply(patch))
        .await
    {
        Ok(_) => context.metrics.wrote("status", "Microservice"),
        // It was deleted while we looked at it.
        Err(kube::Error::Api(answer)) if matches!(answer.code, 404 | 409) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    context.wrote_status(uid, status.clone());
    Ok(true)
}
