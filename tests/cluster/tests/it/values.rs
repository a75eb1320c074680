//! The values of both charts: each does something, and what only Helm has does what it says.

use std::{fs, process::Command};

use protoloop_cluster::shell;
use serde_json::Value;

use crate::support::{
    deployer, find,
    helm::{chart, helm, objects},
    root,
};

/// What Helm makes of these arguments.
fn rendered(values: &[&str]) -> Option<Vec<Value>> {
    let mut helm = helm()?;
    helm.args(["template", "x", &chart("protoloop")])
        .args(values);
    let text = shell::output(&mut helm).unwrap_or_else(|failure| panic!("{failure}"));
    Some(objects(&text))
}

fn kinds(objects: &[Value]) -> Vec<&str> {
    let kinds = objects.iter().filter_map(|one| one["kind"].as_str());
    kinds.collect()
}

/// The templates of a chart in one text.
fn templates(chart: &str) -> String {
    let mut all = String::new();
    let mut folders = vec![format!("{chart}/templates").into()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir::<std::path::PathBuf>(folder).expect("it is there") {
            let path = entry.expect("it can be read").path();
            match path.is_dir() {
                true => folders.push(path),
                false => all += &fs::read_to_string(path).expect("templates are text"),
            }
        }
    }
    all
}

#[test]
fn every_value_is_used() {
    for name in ["protoloop", "protoloop-operator"] {
        let chart = chart(name);
        let schema = fs::read_to_string(format!("{chart}/values.schema.json"));
        let schema: Value = serde_json::from_str(&schema.expect("it is there")).expect("JSON");
        let templates = templates(&chart);
        let is_used = |name: &str| {
            let after = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
            let member = format!(".{name}");
            let found = templates.match_indices(&member);
            let mut found = found.map(|(at, _)| &templates[at + member.len()..]);
            found.any(after) || templates.contains(&format!("\"{name}\""))
        };
        let properties = |value: &Value| value["properties"].as_object().cloned();
        let values = properties(&schema).expect("an object").into_iter();
        // `global` is Helm's.
        for (value, schema) in values.filter(|(value, _)| value != "global") {
            assert!(is_used(&value), "{name}: {value}");
            for (member, _) in properties(&schema).unwrap_or_default() {
                // What is given to Kubernetes as it is has names of its own.
                let whole = templates.contains(&format!("toYaml .Values.{value}"));
                assert!(whole || is_used(&member), "{name}: {value}.{member}");
            }
        }
    }
}

#[test]
fn further_objects_are_templates() {
    let Some(objects) = rendered(&[
        "--set=image.name=shop:1",
        r#"--set-json=extraObjects=[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"{{ .Release.Name }}-more"}}]"#,
    ]) else {
        return;
    };
    let more = objects.iter().find(|object| object["kind"] == "Secret");
    assert_eq!(more.expect("it is there")["metadata"]["name"], "x-more");
}

#[test]
fn labels_go_to_every_object_and_never_to_a_selector() {
    let Some(objects) = rendered(&[
        "--set=image.name=shop:1,replicas=2,labels.team=store",
        "--set-json=networkPolicy={}",
    ]) else {
        return;
    };
    for object in &objects {
        let name = &object["metadata"]["name"];
        assert_eq!(object["metadata"]["labels"]["team"], "store", "{name}");
        let selector = &object["spec"]["selector"];
        assert!(
            !selector.to_string().contains("store"),
            "{name}: {selector}"
        );
    }
    let pods = objects.iter().find(|object| object["kind"] == "Deployment");
    let labels = &pods.expect("it is there")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(labels["team"], "store");
}

#[test]
fn objects_of_apis_that_are_not_there_are_left_out() {
    let values = [
        "--set=image.name=shop:1,metrics.port=9090,serviceMonitor.interval=30s",
        "--set=routes.grpc.hostnames={a.example},routes.http.hostnames={b.example}",
        "--set=routes.grpc.parentRefs[0].name=g,routes.http.parentRefs[0].name=g",
    ];
    let optional = [
        ("ServiceMonitor", "monitoring.coreos.com/v1/ServiceMonitor"),
        ("GRPCRoute", "gateway.networking.k8s.io/v1/GRPCRoute"),
        ("HTTPRoute", "gateway.networking.k8s.io/v1/HTTPRoute"),
    ];
    let Some(without) = rendered(&values) else {
        return;
    };
    for (kind, api) in optional {
        assert!(!kinds(&without).contains(&kind), "{kind}");
        let mut more = values.to_vec();
        more.extend(["--api-versions", api]);
        let with = rendered(&more).expect("helm was there");
        assert!(kinds(&with).contains(&kind), "{kind}");
    }
}

/// The overlay of plain manifests and the values for an operator that survives a node say the same.
#[test]
fn two_operators_are_the_same_by_helm_and_by_kustomize() {
    let (Some(programs), Some(mut helm)) = (find("PROTOLOOP_TEST_CLUSTER"), helm()) else {
        return;
    };
    let chart = chart("protoloop-operator");
    helm.args(["template", "protoloop-operator", &chart])
        .args(["--namespace=protoloop", "--set=crds.keep=false"])
        .arg(format!("--values={chart}/values-ha.yaml"));
    let mut kubectl = Command::new(programs.join("bin/kubectl"));
    kubectl
        .arg("kustomize")
        .arg(root().join("k8s/operator/overlays/ha"));
    let [helm, kustomize] = [&mut helm, &mut kubectl].map(|command| {
        let text = shell::output(command).unwrap_or_else(|failure| panic!("{failure}"));
        let mut objects = objects(&text);
        // Who keeps them is told in labels, and only one side makes the namespace. The definition is compared by `xtask kubernetes`;
        // kustomize writes its numbers otherwise.
        let elsewhere = ["Namespace", "CustomResourceDefinition"];
        objects.retain(|object| !elsewhere.iter().any(|kind| object["kind"] == *kind));
        for object in &mut objects {
            object["metadata"]["labels"] = Value::Null;
            if let Some(labels) = object.pointer_mut("/spec/template/metadata/labels") {
                *labels = Value::Null;
            }
        }
        objects.sort_by_key(|object| format!("{}/{}", object["kind"], object["metadata"]["name"]));
        objects
    });
    for (helm, kustomize) in helm.iter().zip(&kustomize) {
        assert_eq!(helm, kustomize);
    }
    assert_eq!(kinds(&helm), kinds(&kustomize));
}

/// Helm cannot read a schema; the command that can writes what its routes have to know.
#[test]
fn routes_know_what_the_schema_answers() {
    let Some(protoloop) = deployer() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut deploy = Command::new(protoloop);
    deploy.args([
        "deploy",
        "examples/todo/todo.proto",
        "--name=todo",
        "--values",
    ]);
    let values = shell::output(deploy.current_dir(root()));
    let values = values.unwrap_or_else(|failure| panic!("{failure}"));
    let file = folder.path().join("schema.yaml");
    fs::write(&file, values).expect("the folder is ours");
    let file = format!("--values={}", file.display());
    let Some(objects) = rendered(&[
        &file,
        "--set=datasource.url=memory:",
        "--set=routes.grpc.parentRefs[0].name=g,routes.grpc.hostnames={a.example}",
        "--set=routes.http.parentRefs[0].name=g,routes.http.hostnames={b.example}",
        "--api-versions=gateway.networking.k8s.io/v1/GRPCRoute",
        "--api-versions=gateway.networking.k8s.io/v1/HTTPRoute",
    ]) else {
        return;
    };
    for (kind, wanted) in [
        ("GRPCRoute", "todo.v1.TodoService"),
        ("HTTPRoute", "/v1/todos"),
    ] {
        let route = objects.iter().find(|object| object["kind"] == kind);
        let rules = &route.expect("it is there")["spec"]["rules"];
        assert!(rules.to_string().contains(wanted), "{kind}: {rules}");
    }
}
