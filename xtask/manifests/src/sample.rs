//! Sample resources: what tests compare by, what the manifests below `k8s/services` are made of, and what people start from.

use std::{fs, path::Path};

use protoloop_operator::{
    api::{Microservice, Source},
    children::{Apis, Child, Facts, Release, Surface, render},
};
use serde_json::Value;

use crate::Failure;

/// The image that serves schemas where a resource names none.
pub const RUNTIME: &str = concat!("protoloop:", env!("CARGO_PKG_VERSION"));

/// Where they are.
const FOLDERS: [&str; 2] = ["k8s/samples", "crates/protoloop-operator/samples"];

/// A resource, and the text that it was read from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The file's name without its ending.
    pub name: String,
    /// The resource.
    pub service: Microservice,
    /// Its `spec`, as it was written: the very values that Helm takes.
    pub spec: Value,
}

/// All of them.
///
/// # Errors
/// A file that is no resource.
pub fn all(root: &Path) -> Result<Vec<Sample>, Failure> {
    let mut paths = Vec::new();
    for folder in FOLDERS {
        let wrong = |error: std::io::Error| format!("{folder}: {error}");
        let mut here = Vec::new();
        for entry in fs::read_dir(root.join(folder)).map_err(wrong)? {
            here.push(entry.map_err(wrong)?.path());
        }
        here.sort();
        paths.extend(here);
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Result<Sample, Failure> {
    let wrong = |error: String| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let value: Value = serde_saphyr::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let spec = value
        .get("spec")
        .cloned()
        .ok_or_else(|| wrong("it has no spec".to_owned()))?;
    let service = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Sample {
        name,
        service,
        spec,
    })
}

impl Sample {
    /// Everything that it becomes, kept by `manager`, where the cluster has every optional API.
    ///
    /// # Errors
    /// The schema's mistakes, or a field that does not fit.
    pub fn children(&self, manager: &str) -> Result<Vec<Child>, Failure> {
        let name = self.service.metadata.name.clone().unwrap_or_default();
        let mut facts = Facts {
            runtime_image: RUNTIME.to_owned(),
            managed_by: manager.to_owned(),
            apis: Apis::ALL,
            ..Facts::default()
        };
        if let Some(Source::Schema(schema)) = self.service.spec.source() {
            facts.release = Release::declared(&name, schema);
            facts.surface = self.surface()?;
        }
        render(&self.service, &facts).map_err(|error| format!("{}: {error}", self.name))
    }

    /// What its schema answers, where that stands in the resource.
    ///
    /// # Errors
    /// The schema's mistakes.
    pub fn surface(&self) -> Result<Option<Surface>, Failure> {
        let files = self
            .service
            .spec
            .schema
            .as_ref()
            .and_then(|schema| schema.files.clone());
        let Some(files) = files else {
            return Ok(None);
        };
        let wrong = |problem: &dyn std::fmt::Display| format!("{}: {problem}", self.name);
        let folder = tempfile::tempdir().map_err(|error| wrong(&error))?;
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))
                .map_err(|error| wrong(&error))?;
            fs::write(path, text).map_err(|error| wrong(&error))?;
        }
        let compiled = protoloop_build::compile(&[folder.path().to_owned()], &[]);
        let compiled = compiled.map_err(|problems| wrong(&problems))?;
        Ok(Some(Surface::of(&compiled.schema)))
    }
}
