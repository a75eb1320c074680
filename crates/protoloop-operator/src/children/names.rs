//! Names and labels.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::ResourceExt as _;

use super::{Context, Facts};
use crate::api::{Microservice, Source};

/// Label: what the objects are.
pub const NAME: &str = "app.kubernetes.io/name";
/// Label: which of them.
pub const INSTANCE: &str = "app.kubernetes.io/instance";
/// Label: digest of the schema, or the image's tag.
pub const VERSION: &str = "app.kubernetes.io/version";
/// Label: what they do in the whole.
pub(super) const COMPONENT: &str = "app.kubernetes.io/component";
/// Label: the whole.
pub const PART_OF: &str = "app.kubernetes.io/part-of";
/// Label: who keeps them.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
/// Annotation of pods: digest of what Secrets and ConfigMaps hold.
pub const CHECKSUM: &str = "protoloop.dev/checksum";
/// Annotation of pods: digest of the schema.
pub const SCHEMA: &str = "protoloop.dev/schema";

/// What the pods of a service are selected by. It never changes: a Deployment's selector cannot.
#[must_use]
pub fn selector(name: &str) -> BTreeMap<String, String> {
    map([(NAME, name), (INSTANCE, name)])
}

/// The same as a label selector's text.
#[must_use]
pub fn selector_text(name: &str) -> String {
    format!("{INSTANCE}={name},{NAME}={name}")
}

/// The labels of every object of a service: those of the resource's `labels`, and over them ours.
#[must_use]
pub fn labels(service: &Microservice, facts: &Facts) -> BTreeMap<String, String> {
    let name = service.name_any();
    let mut labels = service.spec.labels.clone();
    let whole = service.labels().get(PART_OF).cloned();
    labels.insert(PART_OF.to_owned(), whole.unwrap_or_else(|| name.clone()));
    labels.insert(MANAGED_BY.to_owned(), facts.managed_by.clone());
    labels.insert(COMPONENT.to_owned(), component(service).to_owned());
    if let Some(version) = version(service, facts) {
        labels.insert(VERSION.to_owned(), version);
    }
    labels.extend(selector(&name));
    labels
}

fn component(service: &Microservice) -> &'static str {
    match service.spec.source() {
        Some(Source::Gateway(_)) => "gateway",
        _ => "service",
    }
}

/// The digest of a schema, the tag of an image.
fn version(service: &Microservice, facts: &Facts) -> Option<String> {
    match service.spec.source()? {
        Source::Schema(_) => facts.release.as_ref().map(|release| release.digest.clone()),
        Source::Image(image) => tag(&image.name),
        Source::Gateway(_) => tag(runtime_image(service, facts)),
    }
}

pub(super) fn runtime_image<'a>(service: &'a Microservice, facts: &'a Facts) -> &'a str {
    let runtime = service.spec.runtime.as_ref();
    let image = runtime.and_then(|runtime| runtime.image.as_deref());
    image.unwrap_or(&facts.runtime_image)
}

/// `1.2` of `registry:5000/shop:1.2@sha256:…`, the first characters of a digest without a tag.
fn tag(image: &str) -> Option<String> {
    let (name, digest) = match image.split_once('@') {
        Some((name, digest)) => (name, digest.strip_prefix("sha256:")),
        None => (image, None),
    };
    let last = name.rsplit('/').next().unwrap_or(name);
    let text = match (last.split_once(':'), digest) {
        (Some((_, tag)), _) => tag,
        (None, Some(digest)) => digest.get(..12)?,
        (None, None) => return None,
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let text: String = text.chars().filter(|c| fits(*c)).take(63).collect();
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!text.is_empty()).then(|| text.to_owned())
}

impl Context<'_> {
    /// The metadata of an object: NAME, or NAME with a suffix.
    pub(super) fn metadata(&self, suffix: &str) -> ObjectMeta {
        let annotations = self.service.spec.annotations.clone();
        ObjectMeta {
            name: Some(self.name() + suffix),
            namespace: self.service.namespace(),
            labels: Some(labels(self.service, self.facts)),
            annotations: (!annotations.is_empty()).then_some(annotations),
            owner_references: self.facts.owner.clone().map(|owner| vec![owner]),
            ..ObjectMeta::default()
        }
    }

    pub(super) fn selector(&self) -> BTreeMap<String, String> {
        selector(&self.name())
    }
}

/// Adds annotations to an object.
pub(super) fn annotate(metadata: &mut ObjectMeta, annotations: &BTreeMap<String, String>) {
    if !annotations.is_empty() {
        let all = metadata.annotations.get_or_insert_default();
        all.extend(
            annotations
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
}

pub(super) fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    pairs.into_iter().map(owned).collect()
}

#[cfg(test)]
mod tests {
    use super::tag;

    #[test]
    fn versions_come_from_tags_and_digests() {
        let digest = "a".repeat(64);
        for (image, version) in [
            ("shop:1.2", Some("1.2")),
            ("registry.example:5000/team/shop:v1.2_3", Some("v1.2_3")),
            ("registry.example:5000/team/shop", None),
            (&*format!("shop:1.2@sha256:{digest}"), Some("1.2")),
            (&*format!("shop@sha256:{digest}"), Some("aaaaaaaaaaaa")),
            ("shop:-", None),
        ] {
            assert_eq!(tag(image).as_deref(), version, "{image}");
        }
    }
}
