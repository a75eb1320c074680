//! What stands between a resource and the pods of its schema.
//!
//! [`before`] is asked in each reconcile before any object is applied, and answers with a [`Verdict`]: which schema may be served
//! now, what routes it has, and what is to be told about it. Whatever it holds back (a schema that does not compile, one that breaks
//! callers, a migration that is not done), the answer names the schema that is served instead, and everything else of the resource
//! is still kept up to date. [`after`] is asked once the objects are applied, and told whether the rollout is complete: the place
//! for what may only be done when no pod of the former schema is left.
//!
//! Both may write to the cluster, through [`Context::may_write`] first.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::api::core::v1::ConfigMap;
use kube::{Api, ResourceExt as _};

use super::{Context, Error, Finding};
use crate::{
    api::{Microservice, Revision, SchemaSource, SchemaStatus, condition},
    children::{Content, Release, Surface, files_of, revision_name},
};

/// Schemas that are kept to go back to, beside the one that is served.
const KEPT: usize = 10;

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
}

/// Which schema may be served now.
///
/// # Errors
/// What the API server answers.
pub(super) async fn before(
    context: &Context,
    service: &Microservice,
    before: Option<&SchemaStatus>,
) -> Result<Verdict, Error> {
    let Some(source) = &service.spec.schema else {
        return Ok(Verdict::default());
    };
    let known = before.cloned().unwrap_or_default();
    let wanted = match &source.rollback_to {
        Some(revision) => revision_of(context, service, revision).await?,
        None => read(context, service, source).await?,
    };
    let (release, finding) = match wanted {
        Ok(release) => {
            let told = format!("schema {} is read", release.digest);
            (
                Some(release),
                Finding::yes(condition::SCHEMA_VALID, "Read", told),
            )
        }
        Err(problem) => {
            let serving = match &known.serving {
                Some(serving) => revision_of(context, service, serving).await?.ok(),
                None => None,
            };
            (
                serving,
                Finding::no(condition::SCHEMA_VALID, "NotFound", problem),
            )
        }
    };
    let status = next(known, release.as_ref());
    Ok(Verdict {
        keep: status
            .revisions
            .iter()
            .map(|revision| revision.config_map.clone())
            .collect(),
        release,
        surface: None,
        findings: vec![finding],
        status: Some(status),
        again: None,
    })
}

/// What is left to do once every pod serves the new schema.
///
/// # Errors
/// What the API server answers.
#[allow(clippy::unused_async)]
pub(super) async fn after(
    _: &Context,
    _: &Microservice,
    _: &mut Verdict,
    _complete: bool,
) -> Result<(), Error> {
    Ok(())
}

/// The status that follows from a schema that is served from now on.
fn next(mut status: SchemaStatus, release: Option<&Release>) -> SchemaStatus {
    let Some(release) = release else {
        return status;
    };
    status.wanted = Some(release.digest.clone());
    status.serving = Some(release.digest.clone());
    if status
        .revisions
        .iter()
        .all(|revision| revision.name != release.digest)
    {
        let revision = Revision {
            name: release.digest.clone(),
            config_map: release.config_map.clone(),
            created: k8s_openapi::jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
        };
        status.revisions.insert(0, revision);
        status.revisions.truncate(KEPT);
    }
    status
}

type Found = Result<Release, String>;

/// The schema as the resource gives it, with what it refers to.
async fn read(
    context: &Context,
    service: &Microservice,
    source: &SchemaSource,
) -> Result<Found, Error> {
    let name = service.name_any();
    if let Some(files) = &source.files {
        return Ok(Ok(Release::new(&name, Content::Files(files.clone()))));
    }
    if let Some(reference) = &source.config_map {
        let Some(map) = config_map(context, service, &reference.name).await? else {
            return Ok(Err(format!("there is no ConfigMap {}", reference.name)));
        };
        let files = files_of(&map);
        if files.is_empty() {
            return Ok(Err(format!(
                "ConfigMap {} has no key that ends in .proto",
                reference.name
            )));
        }
        return Ok(Ok(Release::new(&name, Content::Files(files))));
    }
    let Some(set) = &source.descriptor_set else {
        return Ok(Err("the schema has no source".to_owned()));
    };
    let map = config_map(context, service, &set.name).await?;
    let bytes = map
        .and_then(|map| map.binary_data)
        .and_then(|mut data| data.remove(&set.key));
    Ok(match bytes {
        Some(bytes) => Ok(Release::new(&name, Content::DescriptorSet(bytes.0))),
        None => Err(format!(
            "there is no ConfigMap {} with a binary key {}",
            set.name, set.key
        )),
    })
}

/// A schema that was served before.
async fn revision_of(
    context: &Context,
    service: &Microservice,
    digest: &str,
) -> Result<Found, Error> {
    let name = revision_name(service, digest);
    let Some(map) = config_map(context, service, &name).await? else {
        return Ok(Err(format!(
            "there is no revision {digest}; status.schema.revisions has those that there are"
        )));
    };
    let binary: BTreeMap<_, _> = map.binary_data.clone().unwrap_or_default();
    let content = match binary.into_iter().next() {
        Some((_, bytes)) => Content::DescriptorSet(bytes.0),
        None => Content::Files(files_of(&map)),
    };
    Ok(Ok(Release::new(&service.name_any(), content)))
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
