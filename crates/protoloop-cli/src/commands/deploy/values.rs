//! What Helm cannot find out by itself, as values of the chart.

use protoloop_operator::children::{PathMatch, Surface};
use serde_json::{Value, json};

use super::Project;
use crate::output::Failure;

/// The files, what the schema answers, and the datasource where one was named.
pub(super) fn of(project: &Project) -> Result<Value, Failure> {
    let Some(known) = &project.surface else {
        return Err(Failure::Other(
            "there is no schema to read: the spec of microservice.yaml is what the chart takes as its values".to_owned(),
        ));
    };
    let spec = &project.service.spec;
    let mut values = json!({"surface": surface(known)});
    let files = spec
        .schema
        .as_ref()
        .and_then(|schema| schema.files.as_ref());
    if let Some(files) = files {
        values["schema"] = json!({"files": files});
    }
    if let Some(datasource) = &spec.datasource {
        values["datasource"] = json!(datasource);
    }
    Ok(values)
}

fn surface(surface: &Surface) -> Value {
    let path = |path: &PathMatch| match path {
        PathMatch::Exact(path) => json!({"type": "Exact", "value": path}),
        PathMatch::Prefix(path) => json!({"type": "PathPrefix", "value": path}),
    };
    let paths: Vec<_> = surface.paths.iter().map(path).collect();
    json!({"services": surface.services, "paths": paths})
}
