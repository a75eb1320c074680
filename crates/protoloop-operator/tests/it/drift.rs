//! What somebody changes or deletes comes back; what somebody adds stays.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::World;

/// How long it takes. Once in a while the machine has other work.
const SOON: Duration = Duration::from_secs(1);
const AT_MOST: Duration = Duration::from_secs(5);

/// A service that has a child of every kind but a ScaledObject, which excludes an HPA.
fn spec() -> Value {
    json!({
        "schema": {"files": {"todo.proto": "syntax = \"proto3\";\npackage todo;\nmessage Todo {}\n"}},
        "datasource": {"secret": {"name": "db", "key": "url"}},
        "autoscaling": {"minReplicas": 2, "maxReplicas": 4},
        "networkPolicy": {},
        "metrics": {},
        "serviceMonitor": {},
        "migrations": {"mode": "OnStart"},
        "tls": {"secret": "db", "hostname": "todo.example"},
        "routes": {
            "grpc": {"parentRefs": [{"name": "g"}], "hostnames": ["grpc.example"]},
            "http": {"parentRefs": [{"name": "g"}], "hostnames": ["http.example"]},
            "ingress": {"className": "nginx", "http": {"host": "a.example"}},
        },
    })
}

fn scaled_by_keda() -> Value {
    let mut spec = spec();
    spec["autoscaling"] =
        json!({"class": "Keda", "minReplicas": 2, "maxReplicas": 4, "triggers": [{"type": "cpu"}]});
    spec
}

const KINDS: [&str; 12] = [
    "serviceaccounts",
    "configmaps",
    "services",
    "deployments",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "networkpolicies",
    "ingresses",
    "grpcroutes",
    "httproutes",
    "backendtlspolicies",
    "servicemonitors",
];

#[test]
fn every_child_comes_back_within_a_second() {
    let Some(mut world) = World::new("drift") else {
        return;
    };
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
        "stringData": {"url": "postgres://u@h/d"},
    }));
    world.operator("one", &["--alone"]);
    world.service("todo", &spec());
    world.reason("todo", "Applied", "Applied");
    let mut took = Vec::new();
    for kind in KINDS {
        took.extend(comes_back(&world, kind));
    }
    world.service("todo", &scaled_by_keda());
    world.eventually("a ScaledObject", AT_MOST, || {
        world.get("scaledobjects", "todo")
    });
    took.extend(comes_back(&world, "scaledobjects"));
    eprintln!("{took:#?}");
    let late = took.iter().filter(|(_, time)| *time > SOON).count();
    assert!(
        late <= took.len() / 8,
        "{late} of {} took longer than {SOON:?}: {took:?}",
        took.len()
    );
}

/// Deletes a child, and takes a label of it away, and answers how long it was so.
fn comes_back(world: &World, kind: &'static str) -> [(String, Duration); 2] {
    let child = ours(world, kind);
    let name = child["metadata"]["name"].as_str().expect("a name");
    let before = &child["metadata"]["uid"];
    world.delete(kind, name);
    let again = || {
        let found = world.get(kind, name)?;
        let metadata = &found["metadata"];
        (metadata["uid"] != *before && metadata["deletionTimestamp"].is_null()).then_some(found)
    };
    let (_, deleted) = world.eventually(kind, AT_MOST, again);
    let label = json!({"metadata": {"labels": {"app.kubernetes.io/part-of": "another"}, "annotations": {"mine": "stays"}}});
    world.merge(kind, name, &label);
    let mended = || {
        let found = world.get(kind, name)?;
        let label = &found["metadata"]["labels"]["app.kubernetes.io/part-of"];
        (label == "todo").then_some(found)
    };
    let (mended, changed) = world.eventually(kind, AT_MOST, mended);
    assert_eq!(mended["metadata"]["annotations"]["mine"], "stays", "{kind}");
    [
        (format!("{kind} deleted"), deleted),
        (format!("{kind} changed"), changed),
    ]
}

/// The child of a kind that the operator made.
fn ours(world: &World, kind: &str) -> Value {
    let mut all = world.list(kind).into_iter();
    all.find(|one| {
        one["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "protoloop-operator"
    })
    .unwrap_or_else(|| panic!("no {kind}"))
}

#[test]
fn what_others_add_stays() {
    let Some(mut world) = World::new("others") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &json!({"image": {"name": "a:1"}}));
    world.reason("a", "Applied", "Applied");
    let sidecar = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"containers": [{"name": "mesh", "image": "mesh:1"}]}}},
    });
    world.apply_as("mesh", &sidecar);
    world.service("a", &json!({"image": {"name": "a:2"}}));
    let image = |deployment: &Value, name: &str| {
        let containers = deployment["spec"]["template"]["spec"]["containers"]
            .as_array()?
            .clone();
        containers.into_iter().find(|one| one["name"] == name)?["image"]
            .as_str()
            .map(str::to_owned)
    };
    let moved = || {
        world
            .get("deployments", "a")
            .filter(|one| image(one, "service").as_deref() == Some("a:2"))
    };
    let (deployment, _) = world.eventually("the new image", AT_MOST, moved);
    assert_eq!(image(&deployment, "mesh").as_deref(), Some("mesh:1"));
}
