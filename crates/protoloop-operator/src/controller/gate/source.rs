//! Where schemas are read from.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, ResourceExt as _, api::ListParams};

use super::{Context, Error};
use crate::{
    api::{Microservice, Revision, SchemaSource},
    children::{Content, MANAGED_BY, Release, files_of, revision_name, selector_text},
    controller::FIELD_MANAGER,
    schema::Compiler,
};

/// A schema, or what is not there.
pub(super) type Found = Result<Release, String>;

/// The schema as the resource gives it, with what it refers to: the files themselves, so that what somebody changes later is
/// another schema.
pub(super) async fn wanted(
    context: &Context,
    service: &Microservice,
    source: &SchemaSource,
) -> Result<Found, Error> {
    let name = service.name_any();
    let release = |content| Ok(Ok(Release::new(&name, content)));
    if let Some(digest) = &source.rollback_to {
        let missing = || {
            format!(
                "there is no revision {digest}; status.schema.revisions has those that there are"
            )
        };
        return Ok(revision(context, service, digest)
            .await?
            .ok_or_else(missing));
    }
    if let Some(files) = &source.files {
        return release(Content::Files(files.clone()));
    }
    if let Some(reference) = &source.config_map {
        let Some(map) = config_map(context, service, &reference.name).await? else {
            return Ok(Err(format!("there is no ConfigMap {}", reference.name)));
        };
        let files = files_of(&map);
        return match files.is_empty() {
            true => Ok(Err(format!(
                "ConfigMap {} has no key that ends in .proto",
                reference.name
            ))),
            false => release(Content::Files(files)),
        };
    }
    let Some(set) = &source.descriptor_set else {
        return Ok(Err("the schema has no source".to_owned()));
    };
    let map = config_map(context, service, &set.name).await?;
    let bytes = map
        .and_then(|map| map.binary_data)
        .and_then(|mut data| data.remove(&set.key));
    match bytes {
        Some(bytes) => release(Content::DescriptorSet(bytes.0)),
        None => Ok(Err(format!(
            "there is no ConfigMap {} with a binary key {}",
            set.name, set.key
        ))),
    }
}

/// A schema that was served. What somebody else put under its name is not it.
pub(super) async fn revision(
    context: &Context,
    service: &Microservice,
    digest: &str,
) -> Result<Option<Release>, Error> {
    let name = service.name_any();
    if let Some(content) = Compiler::shared().recall(digest) {
        return Ok(Some(Release::new(&name, content)));
    }
    let Some(map) = config_map(context, service, &revision_name(service, digest)).await? else {
        return Ok(None);
    };
    let set = map
        .binary_data
        .as_ref()
        .and_then(|data| data.values().next());
    let content = match set {
        Some(bytes) => Content::DescriptorSet(bytes.0.clone()),
        None => Content::Files(files_of(&map)),
    };
    Ok(Some(Release::new(&name, content)).filter(|release| release.digest == digest))
}

/// The schemas that were served, from the ConfigMaps that hold them, where no status tells: the one that is served in front, as
/// if it had been since `now`, so that no Job of before is taken for one that led to it.
pub(super) async fn kept(
    context: &Context,
    service: &Microservice,
    serving: &str,
    now: &str,
) -> Result<Vec<Revision>, Error> {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<ConfigMap> = Api::namespaced(context.client().clone(), &namespace);
    let labels = format!(
        "{MANAGED_BY}={FIELD_MANAGER},{}",
        selector_text(&service.name_any())
    );
    let maps = api.list(&ListParams::default().labels(&labels)).await?;
    let prefix = revision_name(service, "");
    let revision = |map: &ConfigMap| {
        let uid = service.uid();
        let owners = map.owner_references();
        let ours = owners.iter().any(|owner| Some(&owner.uid) == uid.as_ref());
        let config_map = map.name_any();
        let name = config_map
            .strip_prefix(&prefix)
            .filter(|_| ours)?
            .to_owned();
        let made = map.creation_timestamp();
        let created = match name == serving {
            true => now.to_owned(),
            false => made?.0.strftime(super::RFC_3339).to_string(),
        };
        Some(Revision {
            name,
            config_map,
            created,
        })
    };
    let mut revisions: Vec<_> = maps.items.iter().filter_map(revision).collect();
    revisions.sort_by(|a, b| {
        let rank = |one: &Revision| (one.name == serving, one.created.clone());
        rank(b).cmp(&rank(a))
    });
    Ok(revisions)
}

async fn config_map(
    context: &Context,
    service: &Microservice,
    name: &str,
) -> Result<Option<ConfigMap>, Error> {
    let namespace = service.namespace().unwrap_or_default();
    let api: Api<ConfigMap> = Api::namespaced(context.client().clone(), &namespace);
    Ok(api.get_opt(name).await?)
}
