//! A look at what is as it should be writes nothing, and a feature that is turned off takes its own child only.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PATIENCE, World};

/// A feature, and the kind that it brings.
const FEATURES: [(&str, &str); 9] = [
    ("/networkPolicy", "networkpolicies"),
    ("/routes/ingress", "ingresses"),
    ("/routes/grpc", "grpcroutes"),
    ("/routes/http", "httproutes"),
    ("/routes", "ingresses"),
    ("/serviceMonitor", "servicemonitors"),
    ("/replicas", "poddisruptionbudgets"),
    ("/autoscaling", "horizontalpodautoscalers"),
    ("/serviceAccount", "serviceaccounts"),
];

const KINDS: [&str; 10] = [
    "serviceaccounts",
    "services",
    "deployments",
    "networkpolicies",
    "ingresses",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "grpcroutes",
    "httproutes",
    "servicemonitors",
];

fn spec() -> Value {
    json!({
        "image": {"name": "a:1"},
        "replicas": 3,
        "networkPolicy": {},
        "metrics": {},
        "serviceMonitor": {},
        "routes": {
            "grpc": {"parentRefs": [{"name": "g"}], "hostnames": ["grpc.example"]},
            "http": {"parentRefs": [{"name": "g"}], "hostnames": ["http.example"]},
            "ingress": {"className": "nginx", "http": {"host": "a.example"}},
        },
    })
}

#[test]
fn nothing_is_written_when_nothing_is_to_be_done() {
    let Some(mut world) = World::new("quiet") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &spec());
    world.reason("a", "Applied", "Applied");
    world.pods_are_ready("a");
    world.reason("a", "Available", "Available");
    let moment = world.moment();
    // Somebody's label is a reason to look, and none to write.
    let label = json!({"metadata": {"labels": {"look": "here"}}});
    world.merge("microservices", "a", &label);
    let note = json!({"metadata": {"annotations": {"mine": "1"}}});
    world.merge("services", "a", &note);
    world.some_time(Duration::from_secs(3));
    assert_eq!(world.writes(moment), Vec::<String>::new());
}

#[test]
fn a_feature_takes_its_own_child_only() {
    let Some(mut world) = World::new("toggle") else {
        return;
    };
    world.operator("one", &["--alone"]);
    for (feature, kind) in FEATURES {
        let (with, without) = both(feature);
        world.service("a", &with);
        world.reason("a", "Applied", "Applied");
        world.eventually(kind, PATIENCE, || {
            (world.list(kind).len() == 1).then_some(())
        });
        let before = settled(&world);
        let moment = world.moment();
        world.service("a", &without);
        world.eventually(kind, PATIENCE, || world.list(kind).is_empty().then_some(()));
        world.reason("a", "Applied", "Applied");
        let after = settled(&world);
        let touched: Vec<_> = after.iter().filter(|one| !before.contains(one)).collect();
        // Where the number of pods comes from, and as whom they run, is said in the Deployment.
        let said = ["/replicas", "/autoscaling", "/serviceAccount"].contains(&feature);
        let expected = if said { &["deployments/a"][..] } else { &[] };
        let names: Vec<_> = touched.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, expected, "{feature}: {:?}", world.writes(moment));
    }
}

/// A spec with a feature and one without.
fn both(feature: &str) -> (Value, Value) {
    let (mut with, mut without) = (spec(), spec());
    match feature {
        "/replicas" => without["replicas"] = json!(1),
        "/autoscaling" => {
            with["autoscaling"] = json!({"minReplicas": 3, "maxReplicas": 5});
        }
        "/serviceAccount" => without["serviceAccount"] = json!({"name": "another"}),
        _ => {
            let (parent, name) = feature.rsplit_once('/').expect("a path");
            let parent = without.pointer_mut(parent).and_then(Value::as_object_mut);
            parent.expect("an object").remove(name);
        }
    }
    (with, without)
}

/// What there is, once nothing moves any more.
fn settled(world: &World) -> Vec<(String, String)> {
    let mut last = Vec::new();
    let still = || {
        let now = world.versions(&KINDS);
        (std::mem::replace(&mut last, now.clone()) == now).then_some(now)
    };
    world.eventually("quiet", PATIENCE, still).0
}
