use serde_json::{Value, json};

use super::*;

fn pod(name: &str, created: &str, status: &Value) -> Pod {
    let object =
        json!({"metadata": {"name": name, "creationTimestamp": created}, "status": status});
    serde_json::from_value(object).expect("a pod")
}

fn container(state: &Value, last: &Value, ready: bool) -> Value {
    json!({"containerStatuses": [{
        "name": "service", "image": "", "imageID": "", "ready": ready, "restartCount": 1, "state": state, "lastState": last,
    }]})
}

fn told(status: &Value) -> Option<(String, String)> {
    failure(&[pod("a-1", "2026-01-01T00:00:00Z", status)])
        .map(|failure| (failure.reason, failure.message))
}

#[test]
fn what_keeps_a_pod_is_told() {
    let crash = container(
        &json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}),
        &json!({"terminated": {"exitCode": 2, "reason": "Error", "message": "no database\n"}}),
        false,
    );
    let killed = container(
        &json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
        &json!({}),
        false,
    );
    let image = container(
        &json!({"waiting": {"reason": "ErrImagePull", "message": "not found"}}),
        &json!({}),
        false,
    );
    let node = json!({"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}]});
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"});
    for (status, reason, message) in [
        (
            &crash,
            "CrashLoopBackOff",
            "pod a-1, container service: ended with code 2: no database",
        ),
        (
            &killed,
            "OOMKilled",
            "pod a-1, container service: ended with code 137 (OOMKilled)",
        ),
        (
            &image,
            "ErrImagePull",
            "pod a-1, container service: not found",
        ),
        (&node, "Unschedulable", "pod a-1: 0/1 nodes"),
        (&evicted, "Evicted", "pod a-1: low on memory"),
    ] {
        assert_eq!(told(status), Some((reason.to_owned(), message.to_owned())));
    }
}

#[test]
fn a_pod_that_starts_or_works_keeps_nothing() {
    let starting = container(
        &json!({"waiting": {"reason": "ContainerCreating"}}),
        &json!({}),
        false,
    );
    let running = container(
        &json!({"running": {}}),
        &json!({"terminated": {"exitCode": 1}}),
        true,
    );
    for status in [&starting, &running, &json!({})] {
        assert_eq!(told(status), None, "{status}");
    }
}

#[test]
fn the_newest_pod_counts_and_leaving_ones_do_not() {
    let image =
        |reason: &str| container(&json!({"waiting": {"reason": reason}}), &json!({}), false);
    let old = pod("a-1", "2026-01-01T00:00:00Z", &image("Old"));
    let new = pod("a-2", "2026-01-02T00:00:00Z", &image("New"));
    let mut leaving = pod("a-3", "2026-01-03T00:00:00Z", &image("Leaving"));
    leaving.metadata.deletion_timestamp = leaving.metadata.creation_timestamp.clone();
    assert_eq!(
        failure(&[old, leaving, new])
            .map(|failure| failure.reason)
            .as_deref(),
        Some("New")
    );
}

#[test]
fn long_words_are_cut_in_front() {
    let text = format!("{}end", "ä".repeat(5000));
    assert!(last_words(&text).ends_with("end"));
    assert!(last_words(&text).chars().count() <= 601);
}
