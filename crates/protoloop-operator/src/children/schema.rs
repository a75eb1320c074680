//! The schema that pods read: an immutable ConfigMap whose name says what is in it.
//!
//! Pods of an earlier schema keep reading theirs, also those that start again, and a new one rolls out because the name in
//! the pod template is another.

use std::{collections::BTreeMap, fmt::Write as _};

use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, ConfigMapVolumeSource, KeyToPath, Volume, VolumeMount},
};
use sha2::{Digest as _, Sha256};

use super::{Child, Context};
use crate::api::{Microservice, SchemaSource, Source};

/// Where the container sees the schema.
pub(super) const FOLDER: &str = "/etc/protoloop/schema";
/// The key, and the file, of a descriptor set.
const DESCRIPTOR_SET: &str = "schema.binpb";
const VOLUME: &str = "schema";

/// A schema that may be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Ten hexadecimal digits that say what is in it, or the name of an object that somebody else keeps.
    pub digest: String,
    /// The ConfigMap that pods read.
    pub config_map: String,
    /// What is in it.
    pub content: Content,
}

/// What is in the ConfigMap of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// `.proto` files by import path. The ConfigMap is ours.
    Files(BTreeMap<String, String>),
    /// A binary descriptor set. The ConfigMap is ours.
    DescriptorSet(Vec<u8>),
    /// `.proto` files in a ConfigMap that somebody else keeps; each key is a file.
    KeptFiles,
    /// A descriptor set in one that somebody else keeps, under this key.
    KeptDescriptorSet(String),
}

impl Release {
    /// A schema that is known, in a ConfigMap of its own.
    #[must_use]
    pub fn new(service: &str, content: Content) -> Self {
        let digest = digest(&content);
        Self {
            config_map: format!("{service}-schema-{digest}"),
            digest,
            content,
        }
    }

    /// The schema as the resource gives it, without a look at anything else: files that stand in it, or an object that it
    /// refers to. `None` when it gives none.
    #[must_use]
    pub fn declared(service: &str, source: &SchemaSource) -> Option<Self> {
        let kept = |name: &String, content| Self {
            digest: name.clone(),
            config_map: name.clone(),
            content,
        };
        if let Some(files) = &source.files {
            return Some(Self::new(service, Content::Files(files.clone())));
        }
        if let Some(reference) = &source.config_map {
            return Some(kept(&reference.name, Content::KeptFiles));
        }
        let set = source.descriptor_set.as_ref()?;
        let content = Content::KeptDescriptorSet(set.key.clone());
        Some(kept(&set.name, content))
    }

    fn is_ours(&self) -> bool {
        matches!(self.content, Content::Files(_) | Content::DescriptorSet(_))
    }

    /// The paths that `protoloop serve` is given.
    pub(crate) fn path(&self) -> String {
        match self.content {
            Content::Files(_) | Content::KeptFiles => FOLDER.to_owned(),
            Content::DescriptorSet(_) | Content::KeptDescriptorSet(_) => {
                format!("{FOLDER}/{DESCRIPTOR_SET}")
            }
        }
    }

    /// The volume with it.
    pub(crate) fn volume(&self) -> Volume {
        let item = |key: &str, path: &str| KeyToPath {
            key: key.to_owned(),
            path: path.to_owned(),
            mode: None,
        };
        let items = match &self.content {
            Content::KeptFiles => None,
            Content::Files(files) => {
                Some(files.keys().map(|path| item(&key(path), path)).collect())
            }
            Content::DescriptorSet(_) => Some(vec![item(DESCRIPTOR_SET, DESCRIPTOR_SET)]),
            Content::KeptDescriptorSet(key) => Some(vec![item(key, DESCRIPTOR_SET)]),
        };
        Volume {
            name: VOLUME.to_owned(),
            config_map: Some(ConfigMapVolumeSource {
                name: self.config_map.clone(),
                items,
                ..ConfigMapVolumeSource::default()
            }),
            ..Volume::default()
        }
    }

    pub(crate) fn mount() -> VolumeMount {
        VolumeMount {
            name: VOLUME.to_owned(),
            mount_path: FOLDER.to_owned(),
            read_only: Some(true),
            ..VolumeMount::default()
        }
    }
}

/// What tells schemas apart: ten hexadecimal digits of SHA-256 over each file's path, length and text, in order of paths.
/// Helm's templates compute the same.
#[must_use]
pub fn digest(content: &Content) -> String {
    let mut hasher = Sha256::new();
    match content {
        Content::Files(files) => {
            for (path, text) in files {
                hasher.update(format!("{path} {}\n{text}\n", text.len()));
            }
        }
        Content::DescriptorSet(bytes) => hasher.update(bytes),
        Content::KeptFiles => {}
        Content::KeptDescriptorSet(key) => hasher.update(key),
    }
    hexadecimal(&hasher.finalize()[..5])
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The key of a file: keys hold no slash, and no path holds `__`.
fn key(path: &str) -> String {
    path.replace('/', "__")
}

impl Context<'_> {
    /// The schema that this service's pods read.
    pub(super) fn release(&self) -> Option<&Release> {
        match self.source {
            Source::Schema(_) => self.facts.release.as_ref(),
            Source::Image(_) | Source::Gateway(_) => None,
        }
    }

    pub(super) fn schema_config_map(&self) -> Option<Child> {
        let release = self.release().filter(|release| release.is_ours())?;
        let mut metadata = self.metadata("");
        metadata.name = Some(release.config_map.clone());
        let mut object = ConfigMap {
            metadata,
            immutable: Some(true),
            ..ConfigMap::default()
        };
        match &release.content {
            Content::Files(files) => {
                let keyed = files.iter().map(|(path, text)| (key(path), text.clone()));
                object.data = Some(keyed.collect());
            }
            Content::DescriptorSet(bytes) => {
                let data = (DESCRIPTOR_SET.to_owned(), ByteString(bytes.clone()));
                object.binary_data = Some([data].into());
            }
            Content::KeptFiles | Content::KeptDescriptorSet(_) => {}
        }
        Some(object.into())
    }
}

/// The files of a ConfigMap that was made by [`render`](super::render), or by anybody: keys are read as paths.
#[must_use]
pub fn files_of(object: &ConfigMap) -> BTreeMap<String, String> {
    let data = object.data.iter().flatten();
    let protos = data.filter(|(key, _)| key.ends_with(".proto"));
    protos
        .map(|(key, text)| (key.replace("__", "/"), text.clone()))
        .collect()
}

/// The name of the ConfigMap with a revision.
#[must_use]
pub fn revision_name(service: &Microservice, digest: &str) -> String {
    format!(
        "{}-schema-{digest}",
        service.metadata.name.as_deref().unwrap_or_default()
    )
}
