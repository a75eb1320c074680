//! What is not ours is not taken over, and what cannot be done is said.

use serde_json::json;

use crate::support::{NAMESPACE, World, condition};

#[test]
fn an_object_of_somebody_is_left_alone() {
    let Some(mut world) = World::new("adopt") else {
        return;
    };
    world.kubectl(&[
        "create",
        "service",
        "clusterip",
        "a",
        "-n",
        NAMESPACE,
        "--tcp=5:5",
    ]);
    world.operator("one", &["--alone"]);
    world.service("a", &json!({"image": {"name": "a:1"}}));
    world.reason("a", "Applied", "NotOwned");
    let service = world.get("service", "a").expect("it is still there");
    assert_eq!(service["spec"]["ports"][0]["port"], 5);
    let said = condition(&world.get("ms", "a").expect("it"), "Ready").expect("a condition");
    assert!(
        said["message"]
            .as_str()
            .is_some_and(|text| text.contains("Service a is there already")),
        "{said}"
    );
    assert!(world.get("deployment", "a").is_some(), "the rest is there");
    let events = world.kubectl(&[
        "get",
        "events",
        "-n",
        NAMESPACE,
        "-o",
        "jsonpath={.items[*].reason}",
    ]);
    assert!(events.contains("NotOwned"), "{events}");
    world.kubectl(&["delete", "service", "a", "-n", NAMESPACE]);
    world.reason("a", "Applied", "Applied");
}

#[test]
fn two_services_do_not_share_a_name() {
    let Some(mut world) = World::new("names") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service("a", &json!({"image": {"name": "a:1"}}));
    world.reason("a", "Applied", "Applied");
    world.service("a-headless", &json!({"image": {"name": "b:1"}}));
    world.reason("a-headless", "Applied", "NotOwned");
    assert_eq!(
        world.get("service", "a-headless").expect("it")["spec"]["clusterIP"],
        "None"
    );
}

#[test]
fn what_does_not_fit_is_said_and_stops_nobody() {
    let Some(mut world) = World::new("unfit") else {
        return;
    };
    world.operator("one", &["--alone"]);
    world.service(
        "bad",
        &json!({"image": {"name": "a:1"}, "podTemplate": {"spec": {"containers": 5}}}),
    );
    world.service("lost", &json!({"image": {"name": "a:1"}, "datasource": {"secret": {"name": "none", "key": "url"}}}));
    world.service("keda", &json!({"image": {"name": "a:1"}, "autoscaling": {"class": "Keda", "maxReplicas": 2, "triggers": [{"type": "cpu"}]}}));
    world.service(
        "routed",
        &json!({"image": {"name": "a:1"}, "routes": {"grpc": {"parentRefs": [{"name": "g"}]}}}),
    );
    world.service("good", &json!({"image": {"name": "a:1"}}));
    world.reason("bad", "Accepted", "InvalidSpec");
    world.reason("lost", "Accepted", "ReferenceMissing");
    world.reason("keda", "Applied", "ApiMissing");
    world.reason("routed", "Routed", "ApiMissing");
    world.reason("good", "Applied", "Applied");
    world.kubectl(&[
        "create",
        "secret",
        "generic",
        "none",
        "-n",
        NAMESPACE,
        "--from-literal=url=memory:",
    ]);
    world.reason("lost", "Accepted", "Accepted");
}
