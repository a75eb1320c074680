//! How far the pods are.

use k8s_openapi::api::core::v1::Pod;
use kube::{Api, api::ListParams};

use super::{
    Context, Error, Finding,
    observed::{Detail, Observed, ParentState},
};
use crate::{
    api::{Microservice, condition},
    children::{Apis, selector_text},
    rollout::{DeploymentState, PodFailure, failure},
};

/// How far the pods are, from what is known of the Deployment and, while not all are ready, of the pods themselves.
pub(super) async fn available(
    context: &Context,
    service: &Microservice,
    namespace: &str,
    name: &str,
    deployment: Option<&Observed>,
) -> Result<Finding, Error> {
    let Some(Detail::Deployment(state)) = deployment.map(|observed| &observed.detail) else {
        return Ok(Finding::unknown(
            condition::AVAILABLE,
            "NoPods",
            "there is no Deployment yet",
        ));
    };
    let finding = judge(service, state, None);
    if finding.status == crate::api::ConditionStatus::True || service.spec.operation.stopped {
        return Ok(finding);
    }
    let pods: Api<Pod> = Api::namespaced(context.client().clone(), namespace);
    let pods = pods
        .list(&ListParams::default().labels(&selector_text(name)).limit(50))
        .await?;
    Ok(judge(service, state, failure(&pods.items)))
}

/// What a Deployment and a failing pod say together.
pub(super) fn judge(
    service: &Microservice,
    state: &DeploymentState,
    failure: Option<PodFailure>,
) -> Finding {
    let kind = condition::AVAILABLE;
    if service.spec.operation.stopped {
        let left = format!(
            "stopped by spec.operation; {} pods are left",
            state.replicas
        );
        return match state.replicas {
            0 => Finding::no(kind, "Stopped", "stopped by spec.operation"),
            _ => Finding::no(kind, "Stopping", left),
        };
    }
    let progress = state.progress();
    if state.is_complete() {
        return match state.wanted {
            0 => Finding::yes(kind, "ScaledToZero", "no pod is wanted"),
            1 => Finding::yes(kind, "Available", "1 pod is ready"),
            wanted => Finding::yes(kind, "Available", format!("{wanted} pods are ready")),
        };
    }
    if let Some(failure) = failure {
        return Finding::no(
            kind,
            &failure.reason,
            format!("{progress}; {}", failure.message),
        );
    }
    if let Some(refused) = &state.refused {
        return Finding::no(kind, "PodsRefused", format!("{progress}; {refused}"));
    }
    if let Some(stuck) = &state.stuck {
        return Finding::no(
            kind,
            "ProgressDeadlineExceeded",
            format!("{progress}; {stuck}"),
        );
    }
    Finding::unknown(kind, "Progressing", progress)
}

/// What Gateways say of the routes that were asked for.
pub(super) fn routed(
    service: &Microservice,
    apis: Apis,
    routes: &[(&'static str, Option<Vec<ParentState>>)],
) -> Option<Finding> {
    let kind = condition::ROUTED;
    let wanted = service.spec.routes.as_ref()?;
    let absent = [
        ("GRPCRoute", wanted.grpc.is_some() && !apis.grpc_route),
        ("HTTPRoute", wanted.http.is_some() && !apis.http_route),
    ];
    let absent: Vec<_> = absent
        .into_iter()
        .filter(|(_, absent)| *absent)
        .map(|(name, _)| name)
        .collect();
    if !absent.is_empty() {
        let message = format!(
            "this cluster does not have the Gateway API's {}; install it, or use routes.ingress",
            absent.join(" and ")
        );
        return Some(Finding::no(kind, "ApiMissing", message));
    }
    let mut waiting = Vec::new();
    for (name, parents) in routes {
        match parents.as_deref() {
            None | Some([]) => waiting.push(*name),
            Some(parents) => {
                if let Some(refused) = parents.iter().find(|parent| !parent.accepted) {
                    let message = format!("{name}: Gateway {}: {}", refused.name, refused.message);
                    return Some(Finding::no(kind, "NotAccepted", message));
                }
            }
        }
    }
    if !waiting.is_empty() {
        let message = format!(
            "no Gateway has looked at the {} yet",
            waiting.join(" and the ")
        );
        return Some(Finding::unknown(kind, "Pending", message));
    }
    (!routes.is_empty())
        .then(|| Finding::yes(kind, "Accepted", "the Gateways have taken the routes"))
}

#[cfg(test)]
mod tests;
