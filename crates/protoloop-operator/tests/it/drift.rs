//! What somebody changes or deletes comes back; what somebody adds stays.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{NAMESPACE, World};

/// How long it may take, on a machine that has other work.
const SOON: Duration = Duration::from_secs(3);

fn spec() -> Value {
    json!({
        "schema": {"files": {"todo.proto": "syntax = \"proto3\";\npackage todo;\nmessage Todo {}\n"}},
        "datasource": {"secret": {"name": "db", "key": "url"}},
        "autoscaling": {"minReplicas": 2, "maxReplicas": 4},
        "networkPolicy": {},
        "migrations": {"mode": "OnStart"},
        "routes": {"ingress": {"className": "nginx", "http": {"host": "a.example"}}},
    })
}

const KINDS: [&str; 8] = [
    "serviceaccounts",
    "configmaps",
    "services",
    "deployments",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "networkpolicies",
    "ingresses",
];

#[test]
fn every_child_comes_back() {
    let Some(mut world) = World::new("drift") else {
        return;
    };
    world.kubectl(&[
        "create",
        "secret",
        "generic",
        "db",
        "-n",
        NAMESPACE,
        "--from-literal=url=postgres://u@h/d",
    ]);
    world.operator("one", &["--alone"]);
    world.service("todo", &spec());
    world.reason("todo", "Applied", "Applied");
    let mut took = Vec::new();
    for kind in KINDS {
        let child = ours(&world, kind);
        let name = child["metadata"]["name"]
            .as_str()
            .expect("a name")
            .to_owned();
        world.kubectl(&["delete", kind, &name, "-n", NAMESPACE, "--wait=false"]);
        let before = child["metadata"]["uid"].clone();
        let again = || {
            world.get(kind, &name).filter(|one| {
                one["metadata"]["uid"] != before && one["metadata"]["deletionTimestamp"].is_null()
            })
        };
        took.push((kind, "deleted", world.eventually(kind, SOON, again).1));

        let label = |value: &str| {
            json!({"metadata": {"labels": {"app.kubernetes.io/part-of": value}, "annotations": {"mine": "stays"}}}).to_string()
        };
        world.kubectl(&[
            "patch",
            kind,
            &name,
            "-n",
            NAMESPACE,
            "--type=merge",
            "-p",
            &label("another"),
        ]);
        let mended = || {
            world
                .get(kind, &name)
                .filter(|one| one["metadata"]["labels"]["app.kubernetes.io/part-of"] == "todo")
        };
        let (mended, time) = world.eventually(kind, SOON, mended);
        assert_eq!(mended["metadata"]["annotations"]["mine"], "stays", "{kind}");
        took.push((kind, "changed", time));
    }
    eprintln!("{took:#?}");
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
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": NAMESPACE},
        "spec": {"template": {"spec": {"containers": [{"name": "mesh", "image": "mesh:1"}]}}},
    });
    world
        .send(
            &["apply", "--server-side", "--field-manager=mesh"],
            &sidecar,
        )
        .expect("it is applied");
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
            .get("deployment", "a")
            .filter(|one| image(one, "service").as_deref() == Some("a:2"))
    };
    let (deployment, _) = world.eventually("the new image", SOON, moved);
    assert_eq!(image(&deployment, "mesh").as_deref(), Some("mesh:1"));
}
