//! What a Secret holds decides whether pods start anew; what else is said of it does not.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{NAMESPACE, World};

const SOON: Duration = Duration::from_secs(5);

#[test]
fn pods_start_anew_once_for_new_data_only() {
    let Some(mut world) = World::new("secrets") else {
        return;
    };
    let secret = |url: &str, other: &str, label: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": NAMESPACE, "labels": {"x": label}},
            "stringData": {"url": url, "other": other},
        })
    };
    world
        .send(&["apply"], &secret("memory:", "a", "a"))
        .expect("a Secret");
    world.operator("one", &["--alone"]);
    world.service(
        "a",
        &json!({"image": {"name": "a:1"}, "datasource": {"secret": {"name": "db", "key": "url"}}}),
    );
    let deployment = || world.get("deployment", "a");
    let (first, _) = world.eventually("a checksum", SOON, || {
        deployment().filter(|one| checksum(one).is_some())
    });

    world
        .send(&["apply"], &secret("memory:", "a", "b"))
        .expect("another label");
    world
        .send(&["apply"], &secret("memory:", "b", "b"))
        .expect("another key");
    let later = std::time::Instant::now() + Duration::from_secs(2);
    world.eventually("some time", SOON, || {
        (std::time::Instant::now() > later).then_some(())
    });
    assert_eq!(
        deployment().expect("it")["metadata"]["generation"],
        first["metadata"]["generation"]
    );

    world
        .send(&["apply"], &secret("sqlite:/x", "b", "b"))
        .expect("another value");
    let (second, _) = world.eventually("another checksum", SOON, || {
        deployment().filter(|one| checksum(one) != checksum(&first))
    });
    let generation = |one: &Value| one["metadata"]["generation"].as_i64().unwrap_or_default();
    assert_eq!(generation(&second), generation(&first) + 1);

    world.kubectl(&["delete", "secret", "db", "-n", NAMESPACE]);
    world.reason("a", "Accepted", "ReferenceMissing");
    assert_eq!(
        checksum(&deployment().expect("it")),
        checksum(&second),
        "running pods stay"
    );
}

fn checksum(deployment: &Value) -> Option<String> {
    let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
    annotations["protoloop.dev/checksum"]
        .as_str()
        .map(str::to_owned)
}
