//! Changes to whole objects, after everything else.

use k8s_openapi::DeepMerge as _;
use serde_json::Value;

use super::{Child, RenderError};
use crate::api::ObjectOverride;

/// Merges each patch into the objects that it names. What an object is, and whose, stays.
pub(super) fn apply(
    overrides: &[ObjectOverride],
    children: Vec<Child>,
) -> Result<Vec<Child>, RenderError> {
    if overrides.is_empty() {
        return Ok(children);
    }
    for (position, one) in overrides.iter().enumerate() {
        let path = || format!("spec.objectOverrides[{position}]");
        if !one.patch.is_object() {
            return Err(RenderError::field(path(), "patch is not an object"));
        }
        if !super::ChildKind::ALL
            .iter()
            .any(|kind| kind.as_str() == one.kind)
        {
            let known: Vec<_> = super::ChildKind::ALL
                .iter()
                .map(|kind| kind.as_str())
                .collect();
            let problem = format!(
                "there are no objects of kind {:?}, but of {}",
                one.kind,
                known.join(", ")
            );
            return Err(RenderError::field(path(), problem));
        }
    }
    children
        .into_iter()
        .map(|child| patched(overrides, child))
        .collect()
}

fn patched(overrides: &[ObjectOverride], child: Child) -> Result<Child, RenderError> {
    let matching: Vec<&Value> = overrides
        .iter()
        .filter(|one| is_meant(one, &child))
        .map(|one| &one.patch)
        .collect();
    if matching.is_empty() {
        return Ok(child);
    }
    let mut value = child.to_value();
    for patch in matching {
        // JSON merge patch, RFC 7396.
        value.merge_from(patch.clone());
    }
    let mut merged = Child::parse(child.kind(), value)?;
    let (before, after) = (child.metadata(), merged.metadata_mut());
    after.name.clone_from(&before.name);
    after.namespace.clone_from(&before.namespace);
    after.owner_references.clone_from(&before.owner_references);
    // Ours are how the object is found again.
    let ours = before.labels.iter().flatten();
    let ours = ours.filter(|(key, _)| key.starts_with("app.kubernetes.io/"));
    let ours = ours.map(|(key, value)| (key.clone(), value.clone()));
    after.labels.get_or_insert_default().extend(ours);
    Ok(merged)
}

fn is_meant(one: &ObjectOverride, child: &Child) -> bool {
    one.kind == child.kind().as_str() && one.name.as_deref().is_none_or(|name| name == child.name())
}
