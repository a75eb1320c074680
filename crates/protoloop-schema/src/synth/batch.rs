//! Adds `protoloop.v1.BatchService` to a set that has models to write.

use std::collections::BTreeSet;

use prost::{Message as _, bytes::Bytes};

use crate::{
    bundled,
    descriptor::File,
    options::google_api::{HttpRule, http_rule::Pattern},
    read::LoadedFile,
};

const FILE: &str = "protoloop/v1/batch.proto";

/// Adds the service, with a route at each of the paths (`/v1`); a set that has it keeps its own.
pub(crate) fn add(files: &mut Vec<LoadedFile>, paths: &BTreeSet<String>) {
    if paths.is_empty() || files.iter().any(|file| file.decoded.name == FILE) {
        return;
    }
    let Some(encoded) = bundled::descriptor(FILE) else {
        return;
    };
    let mut decoded = File::decode(encoded).expect("codegen wrote descriptors");
    let methods = decoded
        .service
        .iter_mut()
        .flat_map(|service| &mut service.method);
    for method in methods {
        if let Some(rule) = method
            .options
            .as_mut()
            .and_then(|options| options.http.as_mut())
        {
            bind(rule, paths);
        }
    }
    let encoded = Bytes::from(decoded.encode_to_vec());
    files.push(LoadedFile { encoded, decoded });
}

/// One binding for each path.
fn bind(rule: &mut HttpRule, paths: &BTreeSet<String>) {
    let mut patterns = paths
        .iter()
        .filter(|path| !path.is_empty())
        .map(|path| Pattern::Post(format!("{path}:batchWrite")));
    let Some(first) = patterns.next() else {
        return;
    };
    rule.pattern = Some(first);
    rule.additional_bindings = patterns
        .map(|pattern| HttpRule {
            pattern: Some(pattern),
            body: rule.body.clone(),
            ..HttpRule::default()
        })
        .collect();
}
