//! The rights of the operator's account: each is used, and nothing is asked for without one.
//!
//! What is used is read from the audit log. That nothing else is asked for shows in every test: operators log in as that account.

use std::{collections::BTreeSet, fs, time::Duration};

use serde_json::{Value, json};

use crate::support::{PATIENCE, Request, World, jobs, root};

/// API group, resource and verb.
pub(crate) type Right = (String, String, String);

/// The rights that the manifests give by roles of this kind.
pub(crate) fn given(kind: &str) -> BTreeSet<Right> {
    let text = fs::read_to_string(root("k8s/operator/base/operator.yaml")).expect("it is there");
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
    let rules = objects
        .iter()
        .filter(|object| object["kind"] == kind)
        .flat_map(|object| object["rules"].as_array().cloned().unwrap_or_default());
    let mut all = BTreeSet::new();
    for rule in rules {
        let words = |name: &str| {
            let words = rule[name].as_array().cloned().unwrap_or_default();
            let words = words.iter().filter_map(Value::as_str).map(str::to_owned);
            words.collect::<Vec<_>>()
        };
        for group in words("apiGroups") {
            for resource in words("resources") {
                let right = |verb| (group.clone(), resource.clone(), verb);
                all.extend(words("verbs").into_iter().map(right));
            }
        }
    }
    all
}

/// The rights that this world's operators have used since a moment. None of them was refused.
pub(crate) fn used(world: &World, since: u64) -> BTreeSet<Right> {
    let requests = world.requests(since);
    let refused: Vec<_> = requests.iter().filter(|one| one.code == 403).collect();
    assert!(refused.is_empty(), "{refused:?}");
    // What no resource is named of asks which APIs there are.
    let of_objects = requests.iter().filter(|one| !one.resource.is_empty());
    of_objects.flat_map(Request::rights).collect()
}

const FIRST: &str = "syntax = \"proto3\";\npackage todo;\nmessage Todo { string title = 1; }\n";
const SECOND: &str =
    "syntax = \"proto3\";\npackage todo;\nmessage Todo { string title = 1; string note = 2; }\n";

fn schema(text: &str) -> Value {
    json!({
        "schema": {"files": {"todo.proto": text}, "allowBreaking": true},
        "datasource": {"secret": {"name": "db", "key": "url"}},
    })
}

/// Everything that a service can become.
fn everything(scaling: &Value) -> Value {
    json!({
        "image": {"name": "a:1"},
        "autoscaling": scaling,
        "networkPolicy": {},
        "metrics": {},
        "serviceMonitor": {},
        "tls": {"secret": "db", "hostname": "a.example", "authorities": "ca"},
        "routes": {
            "grpc": {"parentRefs": [{"name": "g"}], "hostnames": ["grpc.example"]},
            "http": {"parentRefs": [{"name": "g"}], "hostnames": ["http.example"]},
            "ingress": {"className": "nginx", "http": {"host": "a.example"}},
        },
    })
}

#[test]
fn every_right_is_used_and_none_is_missing() {
    let Some(mut world) = World::new("rights") else {
        return;
    };
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
        "stringData": {"url": "postgres://u@h/d"},
    });
    world.create(&secret);
    let begun = world.moment();
    world.operator("one", &["--alone"]);
    comes_and_goes(&world);
    orphans_go(&world);
    schemas_come_and_go(&world);
    says_it_again(&world, &secret);

    let of_lease = |right: &Right| right.1 == "leases";
    let given = given("ClusterRole");
    let used = used(&world, begun);
    for (group, resource, verb) in &used {
        eprintln!("{resource}.{group}: {verb}");
    }
    let unused: Vec<_> = given.difference(&used).collect();
    let missing: Vec<_> = used
        .difference(&given)
        .filter(|right| !of_lease(right))
        .collect();
    assert!(
        unused.is_empty() && missing.is_empty(),
        "unused {unused:?}, missing {missing:?}"
    );
}

/// A service with everything, then with the other scaler, then with nothing.
fn comes_and_goes(world: &World) {
    world.service(
        "a",
        &everything(&json!({"minReplicas": 2, "maxReplicas": 4})),
    );
    world.reason("a", "Applied", "Applied");
    let keda =
        json!({"class": "Keda", "minReplicas": 2, "maxReplicas": 4, "triggers": [{"type": "cpu"}]});
    world.service("a", &everything(&keda));
    world.reason("a", "Applied", "Applied");
    let nothing =
        json!({"image": {"name": "a:1"}, "replicas": 1, "serviceAccount": {"name": "another"}});
    world.service("a", &nothing);
    world.reason("a", "Applied", "Applied");
    for kind in [
        "scaledobjects",
        "horizontalpodautoscalers",
        "grpcroutes",
        "ingresses",
    ] {
        assert_eq!(world.list(kind), Vec::<Value>::new(), "{kind}");
    }
}

/// Objects that say that they are ours and are not: somebody has copied them.
fn orphans_go(world: &World) {
    for kind in ["services", "deployments"] {
        let mut copy = world.get(kind, "a").expect("a child");
        let metadata = &copy["metadata"];
        copy["metadata"] = json!({
            "name": "copied", "labels": metadata["labels"], "ownerReferences": metadata["ownerReferences"],
        });
        if kind == "services" {
            copy["spec"] = json!({"ports": [{"port": 5}]});
        }
        world.create(&copy);
        world.eventually(kind, PATIENCE, || {
            world.get(kind, "copied").is_none().then_some(())
        });
    }
}

/// There and back again, so that a Job is made anew; and then no schema at all.
fn schemas_come_and_go(world: &World) {
    for text in [FIRST, SECOND, FIRST, SECOND] {
        world.service("b", &schema(text));
        let job = jobs::of(world, "b", "expand");
        jobs::completes(world, &job);
        world.reason("b", "Migrated", "Expanded");
        world.pods_are_ready("b");
        let job = jobs::of(world, "b", "contract");
        jobs::completes(world, &job);
        world.reason("b", "Migrated", "Migrated");
        // Jobs and revisions are told apart by seconds.
        world.some_time(Duration::from_millis(1100));
    }
    world.service("b", &json!({"image": {"name": "b:1"}}));
    let maps = || {
        let mut maps = world.list("configmaps").into_iter();
        maps.all(|map| map["metadata"]["name"] == "kube-root-ca.crt")
            .then_some(())
    };
    world.eventually("no schema", PATIENCE, maps);
}

/// What happens for the second time is counted in the first event.
fn says_it_again(world: &World, secret: &Value) {
    let spec = json!({
        "image": {"name": "c:1"},
        "datasource": {"secret": {"name": "db", "key": "url"}},
        "envFrom": [{"configMapRef": {"name": "more", "optional": true}}],
    });
    world.service("c", &spec);
    world.reason("c", "Accepted", "Accepted");
    for _ in 0..2 {
        world.delete("secrets", "db");
        world.reason("c", "Accepted", "ReferenceMissing");
        world.create(secret);
        world.reason("c", "Accepted", "Accepted");
    }
    let counted = || {
        let mut events = world.list("events").into_iter();
        events
            .any(|event| event["series"]["count"].is_number())
            .then_some(())
    };
    world.eventually("a series of events", PATIENCE, counted);
}
