use serde_json::json;

use super::*;

fn metadata(uid: &str, version: u64, fields: &Value) -> ObjectMeta {
    serde_json::from_value(json!({
        "name": "a", "namespace": "n", "uid": uid, "resourceVersion": version.to_string(),
        "ownerReferences": [{"apiVersion": "protoloop.dev/v1alpha1", "kind": "Microservice", "name": "a", "uid": "o", "controller": true}],
        "managedFields": [
            {"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {}}},
            {"manager": "protoloop-operator", "operation": "Update", "fieldsV1": {"f:other": {}}},
            {"manager": "protoloop-operator", "operation": "Apply", "subresource": "status", "fieldsV1": {"f:status": {}}},
            {"manager": "protoloop-operator", "operation": "Apply", "fieldsV1": fields},
        ],
    }))
    .expect("metadata")
}

fn key() -> Key {
    Key {
        kind: ChildKind::Service,
        namespace: "n".to_owned(),
        name: "a".to_owned(),
    }
}

fn seen(version: u64, fields: &Value) -> Observed {
    Observed::of(&metadata("u", version, fields))
}

#[test]
fn only_our_own_entry_counts() {
    let fields = json!({"f:spec": {"f:replicas": {}, "f:template": {}}});
    let observed = seen(7, &fields);
    assert_eq!(observed.ours, Some(digest(&fields)));
    assert!(observed.owns_replicas);
    assert_eq!(observed.owner, Some(("o".to_owned(), "a".to_owned())));
    assert_eq!(observed.version, 7);
    assert!(!observed.foreign);
    let other: ObjectMeta = serde_json::from_value(json!({
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x", "uid": "y", "controller": true}],
    }))
    .expect("metadata");
    assert!(Observed::of(&other).foreign);
    assert_eq!(Observed::of(&ObjectMeta::default()), Observed::default());
}

#[test]
fn the_order_of_members_does_not_count() {
    let one: Value = serde_json::from_str(r#"{"a": 1, "b": [1, 2]}"#).expect("JSON");
    let other: Value = serde_json::from_str(r#"{"b": [1, 2], "a": 1}"#).expect("JSON");
    assert_eq!(digest(&one), digest(&other));
    assert_ne!(digest(&one), digest(&json!({"a": 1, "b": [2, 1]})));
    assert_ne!(digest(&json!({"a": {}})), digest(&json!({"a": []})));
}

#[test]
fn what_we_wrote_ourselves_is_no_news() {
    let cache = Cache::default();
    let fields = json!({"f:spec": {}});
    cache.applied(&key(), 1, seen(5, &fields));
    assert!(cache.is_as_applied(&key(), 1));
    assert!(!cache.is_as_applied(&key(), 2), "something else is wanted");
    assert_eq!(cache.observe(&key(), seen(5, &fields)), None);
    assert_eq!(
        cache.observe(&key(), seen(4, &json!({"f:old": {}}))),
        None,
        "older than the answer"
    );
    assert!(cache.is_as_applied(&key(), 1));
    assert_eq!(
        cache.observe(&key(), seen(6, &fields)),
        None,
        "somebody's own field"
    );
    assert!(cache.is_as_applied(&key(), 1));
}

#[test]
fn who_takes_a_field_of_ours_is_noticed() {
    let cache = Cache::default();
    cache.applied(&key(), 1, seen(5, &json!({"f:spec": {"f:type": {}}})));
    assert_eq!(
        cache
            .observe(&key(), seen(6, &json!({"f:spec": {}})))
            .as_deref(),
        Some("a")
    );
    assert!(!cache.is_as_applied(&key(), 1));
    cache.applied(&key(), 1, seen(7, &json!({"f:spec": {"f:type": {}}})));
    assert_eq!(cache.forget(&key()).as_deref(), Some("a"), "deleted");
    assert!(!cache.is_as_applied(&key(), 1));
    let again = Observed::of(&metadata("another", 9, &json!({"f:spec": {"f:type": {}}})));
    assert_eq!(
        cache.observe(&key(), again).as_deref(),
        Some("a"),
        "another object of that name"
    );
}

#[test]
fn what_a_list_lacks_is_gone() {
    let cache = Cache::default();
    cache.observe(&key(), seen(5, &json!({})));
    assert_eq!(cache.owned_by("o").len(), 1);
    assert!(
        cache
            .retain(ChildKind::Deployment, None, &|_| false)
            .is_empty()
    );
    assert!(
        cache
            .retain(ChildKind::Service, Some("other"), &|_| false)
            .is_empty()
    );
    assert_eq!(
        cache.retain(ChildKind::Service, Some("n"), &|_| false),
        [("n".to_owned(), "a".to_owned())]
    );
    assert!(cache.is_empty());
}

#[test]
fn a_route_tells_what_each_gateway_says() {
    let said = |kind: &str, status: &str| json!({"type": kind, "status": status, "reason": "R", "message": "m"});
    let states = parents(&json!({"status": {"parents": [
        {"parentRef": {"name": "x"}, "conditions": [said("Accepted", "True"), said("ResolvedRefs", "True")]},
        {"parentRef": {"name": "y"}, "conditions": [said("Accepted", "True"), said("ResolvedRefs", "False")]},
        {"parentRef": {"name": "z"}, "conditions": []},
    ]}}));
    assert_eq!(
        states
            .iter()
            .map(|state| state.accepted)
            .collect::<Vec<_>>(),
        [true, false, false]
    );
    assert_eq!(states[1].message, "R: m");
    assert!(parents(&json!({})).is_empty());
}

#[test]
fn a_digest_that_is_kept_is_the_same_in_every_build() {
    let value = json!({"b": [1, "x", null], "a": {"d": true, "c": 1.5}});
    let other = json!({"a": {"c": 1.5, "d": true}, "b": [1, "x", null]});
    assert_eq!(lasting_digest(&value), "8f16c5c5c877ed80");
    assert_eq!(lasting_digest(&other), lasting_digest(&value));
    assert_ne!(
        lasting_digest(&json!({"b": "[1"})),
        lasting_digest(&json!({"b": [1]}))
    );
}
