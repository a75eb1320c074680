//! What is not ours is not taken over, and what cannot be done is said.

use serde_json::json;

use crate::support::{World, condition};

#[test]
fn an_object_of_somebody_is_left_alone() {
    let Some(mut world) = World::new("adopt") else {
        return;
    };
    world.create(&json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"},
        "spec": {"ports": [{"port": 5}]},
    }));
    world.operator("one", &["--alone"]);
    world.service("a", &json!({"image": {"name": "a:1"}}));
    world.reason("a", "Applied", "NotOwned");
    let service = world.get("services", "a").expect("it is still there");
    assert_eq!(service["spec"]["ports"][0]["port"], 5);
    let said = condition(&world.get("microservices", "a").expect("it"), "Ready");
    let said = said.expect("a condition");
    assert!(
        said["message"]
            .as_str()
            .is_some_and(|text| text.contains("Service a is there already")),
        "{said}"
    );
    assert!(world.get("deployments", "a").is_some(), "the rest is there");
    let told = || {
        let events = world.list("events");
        events
            .into_iter()
            .find(|event| event["reason"] == "NotOwned")
    };
    world.eventually("an event", crate::support::PATIENCE, told);
    world.delete("services", "a");
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
    let service = world.get("services", "a-headless").expect("it");
    assert_eq!(service["spec"]["clusterIP"], "None");
}

/// On a cluster without optional APIs, by an operator that looks everywhere.
#[test]
fn what_does_not_fit_is_said_and_stops_nobody() {
    let Some(mut world) = World::alone("unfit") else {
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
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "none"},
        "stringData": {"url": "memory:"},
    }));
    world.reason("lost", "Accepted", "Accepted");
}
