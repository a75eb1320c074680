//! `protoloop deploy`.

mod project;
mod values;

use std::{process::ExitCode, time::Duration};

use protoloop_operator::{
    api::Microservice,
    children::{self, Apis, Content, Facts, Release, Surface},
    deploy::{self, Difference, Manifest, Outcome, Target},
};
use serde_json::Value;

use crate::{
    args::Deploy,
    output::{self, BOLD, CYAN, Failure, RED, RESET, YELLOW},
};

/// What the API server knows us by.
const USER_AGENT: &str = concat!("protoloop/", env!("CARGO_PKG_VERSION"));
/// When there are differences, as `diff` says it.
const DIFFERENT: u8 = 2;

/// A service, and what its files declare.
#[derive(Debug)]
struct Project {
    service: Microservice,
    surface: Option<Surface>,
    /// The schema, where it is not in files.
    descriptor_set: Option<Vec<u8>>,
}

pub(crate) fn run(arguments: &Deploy) -> Result<ExitCode, Failure> {
    let project = project::read(arguments)?;
    if arguments.values {
        let values = values::of(&project)?;
        return documents(&[&values]);
    }
    if !(arguments.apply || arguments.diff || arguments.dry_run) {
        if arguments.prune {
            return Err(Failure::Other(
                "--prune looks into a cluster: give --apply, --diff or --dry-run too".to_owned(),
            ));
        }
        return print(&manifests(arguments, &project, Apis::ALL)?);
    }
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::at("starting the runtime", error))?;
    runtime.block_on(against_cluster(arguments, project))
}

fn manifests(arguments: &Deploy, project: &Project, apis: Apis) -> Result<Vec<Manifest>, Failure> {
    let service = &project.service;
    if arguments.resource {
        let set = project.descriptor_set.clone();
        let set = set.and_then(|bytes| Manifest::of_descriptor_set(service, bytes));
        return Ok(set
            .into_iter()
            .chain([Manifest::of_service(service)])
            .collect());
    }
    let schema = service.spec.schema.as_ref();
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let set = project.descriptor_set.clone().map(Content::DescriptorSet);
    let release = set.map(|content| Release::new(name, content));
    let facts = Facts {
        runtime_image: arguments.image.clone(),
        managed_by: deploy::FIELD_MANAGER.to_owned(),
        apis,
        release: release.or_else(|| schema.and_then(|schema| Release::declared(name, schema))),
        surface: project.surface.clone(),
        ..Facts::default()
    };
    let children =
        children::render(service, &facts).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(children.iter().map(Manifest::of).collect())
}

fn print(manifests: &[Manifest]) -> Result<ExitCode, Failure> {
    let values: Vec<_> = manifests.iter().map(Manifest::value).collect();
    documents(&values)
}

fn documents(values: &[&Value]) -> Result<ExitCode, Failure> {
    let documents = values.iter().map(|value| children::yaml(value));
    let documents: Result<Vec<_>, _> = documents.collect();
    let documents = documents.map_err(|error| Failure::Other(error.to_string()))?;
    output::raw(documents.join("---\n").as_bytes());
    Ok(ExitCode::SUCCESS)
}

async fn against_cluster(arguments: &Deploy, mut project: Project) -> Result<ExitCode, Failure> {
    let metadata = &mut project.service.metadata;
    let namespace = arguments
        .namespace
        .clone()
        .or_else(|| metadata.namespace.clone());
    let target = Target::connect(USER_AGENT, namespace).await;
    let target = target.map_err(|error| Failure::Other(error.to_string()))?;
    metadata.namespace = Some(target.namespace().to_owned());
    let apis = target
        .apis()
        .await
        .map_err(|error| Failure::at("asking the cluster for its APIs", error))?;
    let mut changes = 0;
    let wanted = manifests(arguments, &project, apis)?;
    for manifest in &wanted {
        let outcome = deploy::apply(&target, manifest, !arguments.apply, arguments.force).await;
        let outcome = outcome.map_err(|error| Failure::at(manifest.title(), error))?;
        changes += usize::from(outcome != Outcome::Unchanged);
        tell(arguments, manifest, &outcome);
    }
    // Pods of before read what is about to go.
    if arguments.wait || (arguments.apply && arguments.prune) {
        wait(arguments, &target, &project.service).await?;
    }
    if arguments.prune {
        changes += prune(arguments, &target, &project.service, apis, &wanted).await?;
    }
    Ok(match arguments.diff && changes > 0 {
        true => ExitCode::from(DIFFERENT),
        false => ExitCode::SUCCESS,
    })
}

/// Takes away what is not wanted any more, with one line per object, and answers how many there were.
async fn prune(
    arguments: &Deploy,
    target: &Target,
    service: &Microservice,
    apis: Apis,
    wanted: &[Manifest],
) -> Result<usize, Failure> {
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let gone = deploy::prune(target, name, apis, wanted, !arguments.apply).await;
    let gone = gone.map_err(|error| Failure::at("deleting what is not wanted any more", error))?;
    let would = if arguments.apply { "" } else { "would be " };
    for title in &gone {
        output::line(format_args!(
            "{RED}-{RESET} {BOLD}{title}{RESET} {would}deleted"
        ));
    }
    Ok(gone.len())
}

/// One line per object, and with `--diff` one per value that is another one.
fn tell(arguments: &Deploy, manifest: &Manifest, outcome: &Outcome) {
    let would = if arguments.apply { "" } else { "would be " };
    let title = manifest.title();
    match outcome {
        Outcome::Created => output::line(format_args!(
            "{CYAN}+{RESET} {BOLD}{title}{RESET} {would}created"
        )),
        Outcome::Unchanged => output::line(format_args!("  {title} is as it should be")),
        Outcome::Changed(differences) => {
            output::line(format_args!(
                "{YELLOW}~{RESET} {BOLD}{title}{RESET} {would}changed"
            ));
            for difference in differences.iter().filter(|_| arguments.diff) {
                show(difference);
            }
        }
    }
}

fn show(difference: &Difference) {
    output::line(format_args!("    {}", difference.path));
    if let Some(before) = &difference.before {
        output::line(format_args!("      {RED}-{RESET} {}", text(before)));
    }
    if let Some(after) = &difference.after {
        output::line(format_args!("      {CYAN}+{RESET} {}", text(after)));
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn wait(arguments: &Deploy, target: &Target, service: &Microservice) -> Result<(), Failure> {
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let time = Duration::from_secs(arguments.timeout);
    let progress = |text: &str| output::line(format_args!("  {name}: {text}"));
    deploy::wait(target, name, time, progress)
        .await
        .map_err(|error| Failure::at(name, error))
}
