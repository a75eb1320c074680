//! The same requests to Envoy's transcoder and to the gateway, in front of one upstream: status, what arrived there, and
//! the answer are compared. What is known to differ stands in `differences`, with its reason; anything else fails.

mod cases;
mod differences;
mod sending;
mod transcoder;

use std::collections::BTreeMap;

use serde_json::Value;

use self::{
    cases::Case,
    differences::{DIFFERENCES, What},
    sending::{Seen, ask},
};
use crate::support::{echo::Echo, root, served::Served, tools};

/// Where the reasons are told to people.
const PAGE: &str = "docs/reference/http-mapping.md";

#[test]
fn envoy_and_the_gateway_differ_where_it_is_written_only() {
    let (Some(python), Some(envoy)) = (tools::python(), tools::envoy()) else {
        return;
    };
    let echo = Echo::start(&python);
    let descriptors = echo.descriptors.to_str().expect("UTF-8");
    let gateway = Served::gateway(&[
        "--upstream",
        &echo.url(),
        "--descriptors",
        descriptors,
        "--rest-paths",
        "envoy",
        "--rest-errors",
        "status",
    ]);
    let envoy = transcoder::start(&envoy, &echo);
    let mut known: BTreeMap<&str, What> = BTreeMap::new();
    for (what, names) in DIFFERENCES {
        for name in *names {
            assert!(known.insert(name, what).is_none(), "{name} is listed twice");
        }
    }
    let cases = cases::all();
    let mut wrong = String::new();
    for case in &cases {
        let theirs = ask(envoy.address, &echo, case);
        let ours = ask(gateway.address(), &echo, case);
        match (theirs == ours, known.remove(case.name)) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(what)) => {
                let name = case.name;
                wrong += &format!("{name}: no difference any more ({what}): {ours}\n");
            }
            (false, None) => wrong += &difference(case, &theirs, &ours),
        }
    }
    let unknown: Vec<_> = known.keys().collect();
    assert!(unknown.is_empty(), "no such requests: {unknown:?}");
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(cases.len() >= 60, "{} requests are too few", cases.len());
}

fn difference(case: &Case, theirs: &Seen, ours: &Seen) -> String {
    let Case {
        name,
        method,
        target,
        ..
    } = case;
    format!("{name}: {method} {target}\n  Envoy {theirs}\n  ours  {ours}\n")
}

#[test]
fn every_difference_from_envoy_is_told_with_its_reason() {
    let page = std::fs::read_to_string(root().join(PAGE)).expect("the page is there");
    for (what, _) in DIFFERENCES {
        let row = format!("\n| {what} |");
        assert!(page.contains(&row), "{PAGE} has no row {what:?}");
    }
}

/// Numbers as they are meant, however they are written.
fn normal(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(values) => values.into_iter().map(normal).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, normal(value)))
            .collect(),
        value => value,
    }
}
