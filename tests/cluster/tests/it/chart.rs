//! The chart without a cluster: what it renders, and what it refuses.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use protoloop_cluster::shell;
use protoloop_manifests::{
    files,
    sample::{self, Sample},
};
use protoloop_operator::children::PathMatch;
use serde_json::{Value, json};

use crate::support::{
    find,
    helm::{chart, helm, objects},
    root,
};

/// The versions of Kubernetes that every object is checked for.
const VERSIONS: [&str; 5] = ["1.33", "1.34", "1.35", "1.36", "1.37"];

/// Optional APIs, as a cluster would tell.
const APIS: [&str; 5] = [
    "gateway.networking.k8s.io/v1/GRPCRoute",
    "gateway.networking.k8s.io/v1/HTTPRoute",
    "gateway.networking.k8s.io/v1/BackendTLSPolicy",
    "monitoring.coreos.com/v1/ServiceMonitor",
    "keda.sh/v1alpha1/ScaledObject",
];

/// The values of the smallest release, to which others are added.
const SMALLEST: [&str; 2] = ["--set", "gateway.upstreams[0].url=http://books:9090"];

fn samples() -> Vec<Sample> {
    sample::all(root()).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The values that make the chart say what the operator says of a sample: its `spec`, and what its schema answers.
fn values(sample: &Sample) -> Value {
    let mut values = sample.spec.clone();
    let labels = sample.service.metadata.labels.as_ref();
    if let Some(whole) = labels.and_then(|labels| labels.get("app.kubernetes.io/part-of")) {
        values["partOf"] = whole.as_str().into();
    }
    let surface = sample
        .surface()
        .unwrap_or_else(|failure| panic!("{failure}"));
    if let Some(surface) = surface {
        let path = |path: &PathMatch| match path {
            PathMatch::Exact(path) => json!({"type": "Exact", "value": path}),
            PathMatch::Prefix(path) => json!({"type": "PathPrefix", "value": path}),
        };
        let paths: Vec<_> = surface.paths.iter().map(path).collect();
        values["surface"] = json!({"services": surface.services, "paths": paths});
    }
    values
}

/// What Helm makes of a sample, as text.
fn rendered(sample: &Sample) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("values.json");
    fs::write(&file, values(sample).to_string()).expect("the folder is ours");
    let name = sample
        .service
        .metadata
        .name
        .as_deref()
        .expect("samples have names");
    let mut helm = helm()?;
    helm.args(["template", name, &chart("protoloop"), "--values"])
        .arg(file);
    for api in APIS {
        helm.args(["--api-versions", api]);
    }
    Some(shell::output(&mut helm).unwrap_or_else(|failure| panic!("{}: {failure}", sample.name)))
}

/// Objects by kind and name, without what only one side says.
fn by_name(objects: Vec<Value>) -> BTreeMap<String, Value> {
    let of_helm = |object: &Value| {
        object["metadata"]["annotations"]["helm.sh/hook"].is_string() || object["kind"] == "Job"
    };
    objects
        .into_iter()
        .filter(|object| !of_helm(object))
        .map(|mut object| {
            let metadata = object["metadata"]
                .as_object_mut()
                .expect("objects have metadata");
            metadata.remove("namespace");
            if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
                labels.remove("helm.sh/chart");
            }
            let name =
                format!("{}/{}", object["kind"], object["metadata"]["name"]).replace('"', "");
            (name, object)
        })
        .collect()
}

#[test]
fn every_field_of_every_object_is_that_of_the_operator() {
    for sample in samples() {
        let Some(text) = rendered(&sample) else {
            return;
        };
        let helm = by_name(objects(&text));
        let children = sample
            .children("Helm")
            .unwrap_or_else(|failure| panic!("{failure}"));
        let operator = by_name(
            children
                .iter()
                .map(protoloop_operator::children::Child::to_value)
                .collect(),
        );
        let names = |objects: &BTreeMap<String, Value>| objects.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&helm), names(&operator), "{}", sample.name);
        for (name, object) in &operator {
            let mut differences = Vec::new();
            compare(name, &helm[name], object, &mut differences);
            assert!(
                differences.is_empty(),
                "{}:\n{}",
                sample.name,
                differences.join("\n")
            );
        }
    }
}

/// The places where two objects differ.
fn compare(place: &str, helm: &Value, operator: &Value, differences: &mut Vec<String>) {
    match (helm, operator) {
        (Value::Object(helm), Value::Object(operator)) => {
            let mut keys: Vec<_> = helm.keys().chain(operator.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let of = |object: &serde_json::Map<String, Value>| {
                    object.get(key).cloned().unwrap_or(Value::Null)
                };
                compare(
                    &format!("{place}.{key}"),
                    &of(helm),
                    &of(operator),
                    differences,
                );
            }
        }
        (Value::Array(helm), Value::Array(operator)) if helm.len() == operator.len() => {
            for (position, (helm, operator)) in helm.iter().zip(operator).enumerate() {
                compare(&format!("{place}[{position}]"), helm, operator, differences);
            }
        }
        _ if helm == operator => {}
        _ => differences.push(format!("{place}: Helm {helm}, operator {operator}")),
    }
}

#[test]
fn kustomize_gives_what_the_operator_makes() {
    let Some(programs) = find("PROTOLOOP_TEST_CLUSTER") else {
        return;
    };
    // Those below `k8s/services` are made in the same way, and compared with what they would be by `cargo xtask kubernetes --check`.
    for sample in samples() {
        let base = files::base(&sample).unwrap_or_else(|failure| panic!("{failure}"));
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, text) in base {
            fs::write(folder.path().join(file), text).expect("the folder is ours");
        }
        let mut kubectl = Command::new(programs.join("bin/kubectl"));
        let text = shell::output(kubectl.arg("kustomize").arg(folder.path()))
            .unwrap_or_else(|failure| panic!("{}: {failure}", sample.name));
        let children = sample
            .children("kustomize")
            .unwrap_or_else(|failure| panic!("{failure}"));
        let operator = by_name(
            children
                .iter()
                .map(protoloop_operator::children::Child::to_value)
                .collect(),
        );
        assert_eq!(by_name(objects(&text)), operator, "{}", sample.name);
    }
}

#[test]
fn every_object_is_valid_in_five_versions_of_kubernetes() {
    let Some(python) = find("PROTOLOOP_TEST_PYTHON") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut files = Vec::new();
    for sample in samples() {
        let Some(text) = rendered(&sample) else {
            return;
        };
        // Only Kubernetes' own kinds are known there.
        let foreign = [
            "gateway.networking.k8s.io",
            "monitoring.coreos.com",
            "keda.sh",
        ];
        let documents = text.split("\n---\n").filter(|document| {
            !foreign
                .iter()
                .any(|group| document.contains(&format!("apiVersion: {group}")))
        });
        let file = folder.path().join(format!("{}.yaml", sample.name));
        fs::write(&file, documents.collect::<Vec<_>>().join("\n---\n"))
            .expect("the folder is ours");
        files.push(file);
    }
    are_valid(&python, &files);
}

/// Every document of these files, in each version.
fn are_valid(python: &Path, files: &[PathBuf]) {
    for version in VERSIONS {
        let mut validate = Command::new(python);
        validate
            .args([
                "-m",
                "kubernetes_validate",
                "--strict",
                "--quiet",
                "--no-warn",
                "-k",
                version,
            ])
            .args(files);
        let output = validate.output().expect("python starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{version}: {said}");
    }
}

#[test]
fn lint_is_strict_and_clean() {
    for sample in samples() {
        let Some(mut helm) = helm() else { return };
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("values.json");
        fs::write(&file, values(&sample).to_string()).expect("the folder is ours");
        helm.args([
            "lint",
            "--strict",
            "--quiet",
            &chart("protoloop"),
            "--values",
        ])
        .arg(file);
        shell::output(&mut helm).unwrap_or_else(|failure| panic!("{}: {failure}", sample.name));
    }
}

#[test]
fn the_chart_of_the_operator_is_held_to_the_same() {
    let (Some(_), Some(python)) = (helm(), find("PROTOLOOP_TEST_PYTHON")) else {
        return;
    };
    let chart = chart("protoloop-operator");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let ha = format!("--values={chart}/values-ha.yaml");
    let mut files = Vec::new();
    for (name, values) in [
        ("plain", "--set=crds.keep=true"),
        ("ha", &ha),
        ("few", "--set=namespaces={a,b}"),
    ] {
        let run = |words: &[&str]| {
            let mut helm = helm().expect("it was there");
            shell::output(helm.args(words).arg(values))
                .unwrap_or_else(|failure| panic!("{failure}"))
        };
        run(&["lint", "--strict", "--quiet", &chart]);
        let text = run(&["template", "operator", &chart]);
        // The definition is judged by a real server; the validator does not know what it is.
        let known = text
            .split("\n---\n")
            .filter(|document| !document.contains("kind: CustomResourceDefinition"));
        let file = folder.path().join(format!("{name}.yaml"));
        fs::write(&file, known.collect::<Vec<_>>().join("\n---\n")).expect("the folder is ours");
        files.push(file);
    }
    are_valid(&python, &files);
    for typo in [
        "replica=2",
        "leaderElection.second=3",
        "maxRollouts=0",
        "pullPolicy=never",
        "crds.keeps=true",
    ] {
        let mut helm = helm().expect("it was there");
        let said = shell::output(helm.args(["template", "operator", &chart, "--set", typo]));
        assert!(said.is_err_and(|said| said.contains("schema")), "{typo}");
    }
}

#[test]
fn values_for_production_give_what_stays_up() {
    let Some(mut helm) = helm() else { return };
    let chart = chart("protoloop");
    helm.args([
        "template",
        "shop",
        &chart,
        "--values",
        &format!("{chart}/values-prod.yaml"),
    ]);
    helm.args(["--set", "image.name=shop:1"]);
    let text = shell::output(&mut helm).unwrap_or_else(|failure| panic!("{failure}"));
    let found = by_name(objects(&text));
    for kind in [
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
    ] {
        assert!(found.contains_key(&format!("{kind}/shop")), "{kind}");
    }
    assert_eq!(found["Deployment/shop"]["spec"].get("replicas"), None);
}

/// What Helm says to these values.
fn refused(values: &[&str]) -> Option<String> {
    let mut helm = helm()?;
    helm.args(["template", "x", &chart("protoloop")])
        .args(values);
    Some(match shell::output(&mut helm) {
        Ok(text) => panic!("{values:?} were taken: {text}"),
        Err(failure) => failure,
    })
}

#[test]
fn typing_errors_in_values_are_refused_by_name() {
    let typos = [
        ("replica", "2"),
        ("autoscalling.maxReplicas", "2"),
        ("autoscaling.maxReplica", "2"),
        ("runtime.imagePullPolicy", "Never"),
        ("runtime.pullPolicy", "never"),
        ("datasource.URL", "memory:"),
        ("migrations.mode", "job"),
        ("migrations.contracts", "Never"),
        ("service.port.grpc", "1"),
        ("service.ports.rest", "1"),
        ("service.ports.grpc", "many"),
        ("service.type", "clusterIP"),
        ("disruption.maxUnavailible", "1"),
        ("rollout.minReadySecond", "1"),
        ("termination.drainSeconds", "-1"),
        ("probes.kind", "gRPC"),
        ("placement.spreads", "true"),
        ("serviceAccount.automount", "true"),
        ("operation.paused", "true"),
        ("telemetry.endpoint", "collector:4317"),
        ("routes.ingress.class", "nginx"),
        ("tests.enable", "true"),
        ("networkPolicy.caller", "a"),
        ("gateway.upstreams[0].uri", "http://a:1"),
    ];
    for (path, value) in typos {
        let set = format!("{path}={value}");
        let mut values = SMALLEST.to_vec();
        values.extend(["--set", &set]);
        let Some(said) = refused(&values) else { return };
        assert!(said.contains("schema"), "{set}: {said}");
    }
}

#[test]
fn what_contradicts_itself_is_refused_with_the_way_out() {
    let cases: [(&[&str], &str); 8] = [
        (&[], "exactly one of schema, image and gateway"),
        (
            &["image.name=a:1", "gateway.upstreams[0].url=http://a:1"],
            "exactly one of schema, image and gateway",
        ),
        (&["schema.configMap.name=a"], "a schema needs a datasource"),
        (
            &[
                "gateway.upstreams[0].url=http://a:1",
                "datasource.url=memory:",
            ],
            "leave out datasource",
        ),
        (
            &[
                "schema.configMap.name=a",
                "datasource.url=memory:",
                "replicas=2",
            ],
            "kept by one pod",
        ),
        (
            &["image.name=a:1", "serviceMonitor.interval=30s"],
            "serviceMonitor needs metrics",
        ),
        (
            &[
                "image.name=a:1",
                "autoscaling.minReplicas=3",
                "autoscaling.maxReplicas=2",
            ],
            "minReplicas is larger",
        ),
        (
            &["schema.files.a__b\\.proto=x", "datasource.url=memory:"],
            "without __ and ..",
        ),
    ];
    for (values, wanted) in cases {
        let mut arguments = Vec::new();
        for value in values {
            arguments.extend(["--set", value]);
        }
        let Some(said) = refused(&arguments) else {
            return;
        };
        assert!(said.contains(wanted), "{values:?}: {said}");
    }
}
