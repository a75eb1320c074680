//! From what should be to what is: applying, taking away, handing over.

use kube::{
    Api,
    api::{DeleteParams, Patch, PatchParams, Preconditions},
};
use serde_json::json;

use super::{
    Context, Error, FIELD_MANAGER, Key, Observed,
    observed::{Detail, digest},
};
use crate::{
    api::MicroserviceSpec,
    children::{Child, ChildKind},
    client,
};

/// The field manager that holds `spec.replicas` while nobody else does.
pub const HANDOVER: &str = "protoloop-operator-handover";

/// Whose objects are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) namespace: &'a str,
    pub(super) uid: &'a str,
    pub(super) spec: &'a MicroserviceSpec,
    /// Whether the Deployment stays as it is for now.
    pub(super) holds_pods: bool,
}

/// Brings the children to what they should be, and answers how many there are. Objects that are not ours stay as they are; the
/// others are still applied, and the first trouble is answered then.
pub(super) async fn converge(
    context: &Context,
    owner: Owner<'_>,
    children: &[Child],
    keep: &[String],
) -> Result<(), Error> {
    // Whoever scales must be gone before the number of pods is ours again, or it would take it back.
    take_away(context, owner, children, keep, true).await?;
    let mut trouble = None;
    let held = |child: &&Child| owner.holds_pods && child.kind() == ChildKind::Deployment;
    for child in children.iter().filter(|child| !held(child)) {
        match apply(context, owner, child).await {
            Ok(()) => {}
            Err(error @ (Error::NotOwned(_) | Error::Leaving(_))) => {
                trouble = trouble.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    take_away(context, owner, children, keep, false).await?;
    trouble.map_or(Ok(()), Err)
}

async fn apply(context: &Context, owner: Owner<'_>, child: &Child) -> Result<(), Error> {
    let key = Key {
        kind: child.kind(),
        namespace: owner.namespace.to_owned(),
        name: child.name().to_owned(),
    };
    let desired = digest(&child.to_value());
    if context.cache.is_as_applied(&key, desired) {
        return Ok(());
    }
    let present = match context.cache.get(&key) {
        Some(present) => Some(present),
        // What lacks our label is in no watch of ours, but may be there.
        None => client::api(context.client(), key.kind, &key.namespace)
            .get_opt(&key.name)
            .await?
            .map(|object| Observed::of_answer(key.kind, &object)),
    };
    if let Some(present) = &present {
        refuse_foreign(&key, present, owner)?;
        hand_over(context, owner, child, &key, present).await?;
    }
    context.may_write()?;
    // A new object takes nobody's fields. Should one have appeared in this moment, that is a conflict.
    let force = present.is_some();
    let answer = client::apply(
        context.client(),
        child,
        owner.namespace,
        FIELD_MANAGER,
        force,
    )
    .await?;
    context.metrics.wrote("apply", key.kind.as_str());
    tracing::debug!(
        kind = key.kind.as_str(),
        namespace = key.namespace,
        name = key.name,
        "applied"
    );
    context
        .cache
        .applied(&key, desired, Observed::of_answer(key.kind, &answer));
    Ok(())
}

/// An object that somebody made by hand, or that belongs to somebody else, is not taken over.
fn refuse_foreign(key: &Key, present: &Observed, owner: Owner<'_>) -> Result<(), Error> {
    let what = format!("{} {}", key.kind.as_str(), key.name);
    match &present.owner {
        Some((uid, _)) if uid == owner.uid => Ok(()),
        _ if present.deleting => Err(Error::Leaving(format!("{what} is being deleted"))),
        Some((_, name)) => Err(Error::NotOwned(format!(
            "{what} belongs to another Microservice, {name}: rename one of them"
        ))),
        None if present.foreign => Err(Error::NotOwned(format!(
            "{what} belongs to another controller: rename or delete one of them"
        ))),
        None => Err(Error::NotOwned(format!(
            "{what} is there already and nobody's: delete or rename it, it is not taken over"
        ))),
    }
}

/// Gives `spec.replicas` of a Deployment out of our hands, without a moment at which it is nobody's: the API server would set it
/// to 1 then. A second manager takes it at its present value, and whoever scales takes it from there.
async fn hand_over(
    context: &Context,
    owner: Owner<'_>,
    child: &Child,
    key: &Key,
    present: &Observed,
) -> Result<(), Error> {
    let Child::Deployment(deployment) = child else {
        return Ok(());
    };
    let gives = deployment
        .spec
        .as_ref()
        .is_some_and(|spec| spec.replicas.is_none());
    let Some(scaling) = owner
        .spec
        .autoscaling
        .as_ref()
        .filter(|_| gives && present.owns_replicas)
    else {
        return Ok(());
    };
    let Detail::Deployment(state) = &present.detail else {
        return Ok(());
    };
    let most = scaling.max_replicas.max(scaling.min_replicas);
    let replicas = state.wanted.clamp(scaling.min_replicas, most);
    let patch = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": key.name},
        "spec": {"replicas": replicas},
    });
    context.may_write()?;
    let params = PatchParams::apply(HANDOVER).force();
    let api = client::api(context.client(), key.kind, &key.namespace);
    api.patch(&key.name, &params, &Patch::Apply(patch)).await?;
    context.metrics.wrote("hand over", key.kind.as_str());
    Ok(())
}

/// Deletes children that are not wanted any more: scalers alone, or everything.
async fn take_away(
    context: &Context,
    owner: Owner<'_>,
    children: &[Child],
    keep: &[String],
    scalers: bool,
) -> Result<(), Error> {
    for (key, present) in context.cache.owned_by(owner.uid) {
        let is_scaler = matches!(
            key.kind,
            ChildKind::HorizontalPodAutoscaler | ChildKind::ScaledObject
        );
        let wanted = children
            .iter()
            .any(|child| child.kind() == key.kind && child.name() == key.name);
        let kept = keep.contains(&key.name) || present.deleting || key.namespace != owner.namespace;
        if wanted || kept || (scalers && !is_scaler) {
            continue;
        }
        context.may_write()?;
        let api: Api<_> = client::api(context.client(), key.kind, &key.namespace);
        let params = DeleteParams {
            // Not another one that took its name meanwhile.
            preconditions: Some(Preconditions {
                uid: Some(present.uid.clone()),
                resource_version: None,
            }),
            ..DeleteParams::background()
        };
        match api.delete(&key.name, &params).await {
            Ok(_) => {
                context.metrics.wrote("delete", key.kind.as_str());
                tracing::info!(
                    kind = key.kind.as_str(),
                    namespace = key.namespace,
                    name = key.name,
                    "deleted"
                );
            }
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => {}
            Err(error) => return Err(error.into()),
        }
        context.cache.forget(&key);
    }
    Ok(())
}
