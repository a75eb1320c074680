//! The definition that a cluster is given.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt as _;
use serde_json::Value;

use super::Microservice;

/// The definition of `Microservice`.
///
/// What is left out and what is `null` would be two things to CEL and one to Rust, so no field may be `null`.
#[must_use]
pub fn crd() -> CustomResourceDefinition {
    let mut crd = Microservice::crd();
    let mut value = serde_json::to_value(&crd).unwrap_or_default();
    without_null(&mut value);
    if let Ok(cleaned) = serde_json::from_value(value) {
        crd = cleaned;
    }
    crd
}

fn without_null(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.remove("nullable");
            members.values_mut().for_each(without_null);
        }
        Value::Array(elements) => elements.iter_mut().for_each(without_null),
        _ => {}
    }
}
