//! What is deployed: from a file, or from the flags and the `.proto` files of a project.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use protoloop_build::Compiled;
use protoloop_operator::{
    api::{
        self, Datasource, KeySelector, Microservice, MicroserviceSpec, MigrationMode, Migrations,
        SchemaSource,
    },
    children::Surface,
};

use super::Project;
use crate::{
    args::Deploy,
    output::{self, Failure},
};

/// The file that is read unless another one is named.
const FILE: &str = "microservice.yaml";

pub(super) fn read(arguments: &Deploy) -> Result<Project, Failure> {
    let present = Some(Path::new(FILE)).filter(|path| path.is_file() && arguments.name.is_none());
    match arguments.file.as_deref().or(present) {
        Some(path) => from_file(arguments, path),
        None => from_protos(arguments),
    }
}

fn from_file(arguments: &Deploy, path: &Path) -> Result<Project, Failure> {
    let at = |error: &dyn std::fmt::Display| Failure::at(path.display(), error);
    let text = fs::read_to_string(path).map_err(|error| at(&error))?;
    let mut service = api::from_yaml(&text).map_err(|error| at(&error))?;
    if service
        .metadata
        .name
        .as_deref()
        .unwrap_or_default()
        .is_empty()
    {
        return Err(at(&"metadata.name is missing"));
    }
    if let Some(namespace) = &arguments.namespace {
        service.metadata.namespace = Some(namespace.clone());
    }
    let files = service
        .spec
        .schema
        .as_ref()
        .and_then(|schema| schema.files.as_ref());
    let surface = files.map(surface).transpose()?;
    Ok(Project {
        service,
        surface,
        descriptor_set: None,
    })
}

/// What files declare that stand in a resource.
fn surface(files: &BTreeMap<String, String>) -> Result<Surface, Failure> {
    let folder =
        tempfile::tempdir().map_err(|error| Failure::at("a folder for the schema", error))?;
    for (path, text) in files {
        let path = folder.path().join(path);
        let write = || {
            fs::create_dir_all(path.parent().unwrap_or(folder.path()))?;
            fs::write(&path, text)
        };
        write().map_err(|error| Failure::at(path.display(), error))?;
    }
    let compiled = protoloop_build::compile(&[folder.path().to_owned()], &[])?;
    Ok(Surface::of(&compiled.schema))
}

fn from_protos(arguments: &Deploy) -> Result<Project, Failure> {
    let compiled = super::super::compile(&arguments.sources)?;
    output::diagnostics(&compiled.warnings);
    let name = name(arguments)?;
    let descriptor_set = descriptor_set(arguments, &compiled)?;
    let schema = match descriptor_set {
        Some(_) => SchemaSource {
            descriptor_set: Some(KeySelector {
                name: format!("{name}-descriptors"),
                key: "schema.binpb".to_owned(),
            }),
            ..SchemaSource::default()
        },
        None => SchemaSource {
            files: Some(files(arguments, &compiled)?),
            ..SchemaSource::default()
        },
    };
    let spec = MicroserviceSpec {
        schema: Some(schema),
        datasource: datasource(arguments)?,
        migrations: Migrations {
            // Where no operator is, nobody runs Jobs.
            mode: if arguments.resource {
                MigrationMode::Job
            } else {
                MigrationMode::OnStart
            },
            ..Migrations::default()
        },
        replicas: 1,
        ..MicroserviceSpec::default()
    };
    let mut service = Microservice::new(&name, spec);
    service.metadata.namespace.clone_from(&arguments.namespace);
    Ok(Project {
        service,
        surface: Some(Surface::of(&compiled.schema)),
        descriptor_set,
    })
}

/// What a ConfigMap can hold, with room for what is said about it.
const MOST: usize = 1_000_000;

/// The whole schema as a descriptor set, where one was given: with it there need not be `.proto` files of everything.
fn descriptor_set(arguments: &Deploy, compiled: &Compiled) -> Result<Option<Vec<u8>>, Failure> {
    let is_set =
        |path: &&PathBuf| path.is_file() && path.extension().is_none_or(|end| end != "proto");
    let Some(given) = arguments.sources.paths.iter().find(is_set) else {
        return Ok(None);
    };
    let set = compiled.descriptor_set.clone();
    match set.len() {
        0..MOST => Ok(Some(set)),
        size => Err(Failure::at(
            given.display(),
            format_args!(
                "the descriptor set has {size} bytes, and a ConfigMap holds {MOST}: leave its source info out"
            ),
        )),
    }
}

/// The project's files by import path.
fn files(arguments: &Deploy, compiled: &Compiled) -> Result<BTreeMap<String, String>, Failure> {
    let sources = &arguments.sources;
    let roots = || sources.includes.iter().chain(&sources.paths);
    let import_path = |path: &Path| -> PathBuf {
        let path = path.strip_prefix(".").unwrap_or(path);
        let below = roots().filter(|root| root.is_dir()).filter_map(|root| {
            path.strip_prefix(root.strip_prefix(".").unwrap_or(root))
                .ok()
        });
        let shortest = below.min_by_key(|rest| rest.as_os_str().len());
        shortest.map_or_else(
            || path.file_name().map(PathBuf::from).unwrap_or_default(),
            Path::to_owned,
        )
    };
    let mut files = BTreeMap::new();
    for path in &compiled.sources {
        let text = fs::read_to_string(path).map_err(|error| Failure::at(path.display(), error))?;
        files.insert(import_path(path).to_string_lossy().into_owned(), text);
    }
    match files.is_empty() {
        false => Ok(files),
        true => Err(Failure::Other("there are no .proto files here".to_owned())),
    }
}

/// `None` only where other values may name it.
fn datasource(arguments: &Deploy) -> Result<Option<Datasource>, Failure> {
    if let Some(url) = &arguments.db {
        return Ok(Some(Datasource {
            url: Some(url.clone()),
            secret: None,
        }));
    }
    if arguments.values && arguments.db_secret.is_none() {
        return Ok(None);
    }
    let Some(written) = &arguments.db_secret else {
        return Err(Failure::Other(
            "where is the data? Name the key of a Secret with the database's URL, --db-secret SECRET/KEY, or --db memory: to try it out".to_owned(),
        ));
    };
    match written.split_once('/') {
        Some((name, key)) if !name.is_empty() && !key.is_empty() => Ok(Some(Datasource {
            secret: Some(KeySelector {
                name: name.to_owned(),
                key: key.to_owned(),
            }),
            url: None,
        })),
        _ => Err(Failure::at(
            format_args!("--db-secret {written}"),
            "write SECRET/KEY, such as shop-database/url",
        )),
    }
}

/// The name of the service: what was given, or that of the folder.
fn name(arguments: &Deploy) -> Result<String, Failure> {
    let folder = || {
        let folder = std::env::current_dir().ok()?;
        Some(
            folder
                .file_name()?
                .to_string_lossy()
                .to_lowercase()
                .replace(['_', '.', ' '], "-"),
        )
    };
    let name = arguments.name.clone().or_else(folder).unwrap_or_default();
    let plain = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.ends_with('-');
    if plain && begins && name.len() <= 48 {
        return Ok(name);
    }
    Err(Failure::at(
        format_args!("--name {name}"),
        "at most 48 of a-z, 0-9 and -, beginning with a letter",
    ))
}
