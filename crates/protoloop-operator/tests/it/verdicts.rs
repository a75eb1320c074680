//! What the API server says to specs, and what the same rules say without one.

use kube::core::cel::{ErrorKind, ValidationErrors, Validator};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::World;

#[derive(Debug, Deserialize)]
struct Case {
    #[serde(default = "name")]
    name: String,
    spec: Value,
    refused: Option<String>,
    /// Whether a rule in CEL refuses it.
    #[serde(default = "yes")]
    rule: bool,
    /// Whether that rule can be evaluated without a server.
    #[serde(default = "yes")]
    offline: bool,
}

fn name() -> String {
    "case".to_owned()
}

fn yes() -> bool {
    true
}

fn cases() -> Vec<Case> {
    serde_saphyr::from_str(include_str!("verdicts.yaml")).expect("the cases are read")
}

#[test]
fn specs_are_accepted_and_refused_by_a_server() {
    let Some(world) = World::new("verdicts") else {
        return;
    };
    let cases = cases();
    assert!(cases.len() >= 60);
    for case in cases {
        let said = world.would_create(&microservice(&case));
        match (&case.refused, said) {
            (None, Ok(_)) => {}
            (Some(words), Err(refusal)) if refusal.message.contains(words) => {}
            (_, said) => panic!("{case:?}: {said:?}"),
        }
    }
}

fn microservice(case: &Case) -> Value {
    json!({
        "apiVersion": "protoloop.dev/v1alpha1", "kind": "Microservice",
        "metadata": {"name": case.name, "namespace": "verdicts"}, "spec": case.spec,
    })
}

#[test]
fn the_same_rules_say_the_same_without_a_server() {
    let crd = protoloop_operator::api::crd();
    let version = crd
        .spec
        .versions
        .first()
        .and_then(|version| version.schema.clone());
    let schema = version
        .and_then(|schema| schema.open_api_v3_schema)
        .expect("a schema");
    let schema = serde_json::to_value(schema).expect("JSON");
    for case in cases().into_iter().filter(|case| case.rule && case.offline) {
        let Ok(service) =
            serde_json::from_value::<protoloop_operator::api::Microservice>(microservice(&case))
        else {
            // What the types refuse never gets to the rules.
            continue;
        };
        // As the server does before it asks the rules: with defaults.
        let object = serde_json::to_value(service).expect("JSON");
        let said = Validator::new().validate(&schema, &object, None);
        let said = said
            .err()
            .map(ValidationErrors::into_vec)
            .unwrap_or_default();
        // A rule that cannot be evaluated here says nothing.
        let said: Vec<_> = said
            .into_iter()
            .filter(|error| error.kind != ErrorKind::UnsupportedReference)
            .collect();
        match &case.refused {
            None => assert!(said.is_empty(), "{case:?}: {said:?}"),
            Some(words) => {
                let found = said.iter().any(|error| error.message.contains(words));
                assert!(found, "{case:?}: {said:?}");
            }
        }
    }
}
