//! Taking away what earlier deployments of a service have left.

use kube::{
    Api, ResourceExt as _,
    api::{DeleteParams, ListParams, Preconditions},
    core::{DynamicObject, PartialObjectMeta},
};

use super::{DeployError, FIELD_MANAGER, Manifest, Target};
use crate::children::{Apis, ChildKind, MANAGED_BY, selector_text};

/// Deletes the objects of a service that earlier deployments have made and `wanted` does not name, or finds out which those are.
/// Answers their titles. What somebody else made, or an operator keeps, has another label and stays.
///
/// # Errors
/// What the API server answers.
pub async fn prune(
    target: &Target,
    service: &str,
    apis: Apis,
    wanted: &[Manifest],
    dry_run: bool,
) -> Result<Vec<String>, DeployError> {
    let labels = format!("{MANAGED_BY}={FIELD_MANAGER},{}", selector_text(service));
    let ours = ListParams::default().labels(&labels);
    let mut gone = Vec::new();
    // The last ones first: routes before what they lead to.
    let kinds = ChildKind::ALL.iter().rev().copied();
    for kind in kinds.filter(|kind| kind.is_in(apis)) {
        let resource = kind.api_resource();
        let api: Api<PartialObjectMeta<DynamicObject>> =
            Api::namespaced_with(target.client.clone(), &target.namespace, &resource);
        for object in api.list_metadata(&ours).await?.items {
            let name = object.name_any();
            let named = |one: &&Manifest| one.resource.kind == kind.as_str() && one.name == name;
            let leaves = object.metadata.deletion_timestamp.is_some();
            if leaves
                || !object.owner_references().is_empty()
                || wanted.iter().any(|one| named(&one))
            {
                continue;
            }
            let params = DeleteParams {
                dry_run,
                // Not another one that took its name meanwhile.
                preconditions: Some(Preconditions {
                    uid: object.metadata.uid.clone(),
                    resource_version: None,
                }),
                ..DeleteParams::background()
            };
            match api.delete(&name, &params).await {
                Ok(_) => gone.push(format!("{} {name}", kind.as_str())),
                Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(gone)
}
