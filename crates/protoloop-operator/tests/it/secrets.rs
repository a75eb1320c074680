//! What a Secret holds decides whether pods start anew; what else is said of it does not. Nor does a newer operator.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PATIENCE, World};

#[test]
fn pods_start_anew_once_for_new_data_only() {
    let Some(mut world) = World::new("secrets") else {
        return;
    };
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
        "stringData": {"url": "memory:", "other": "a"},
    }));
    world.operator("one", &["--alone"]);
    world.service(
        "a",
        &json!({"image": {"name": "a:1"}, "datasource": {"secret": {"name": "db", "key": "url"}}}),
    );
    let deployment = || world.get("deployments", "a");
    let (first, _) = world.eventually("a checksum", PATIENCE, || {
        deployment().filter(|one| checksum(one).is_some())
    });

    let label = json!({"metadata": {"labels": {"x": "b"}}});
    world.merge("secrets", "db", &label);
    world.merge("secrets", "db", &json!({"stringData": {"other": "b"}}));
    world.some_time(Duration::from_secs(2));
    assert_eq!(
        deployment().expect("it")["metadata"]["generation"],
        first["metadata"]["generation"]
    );

    world.merge(
        "secrets",
        "db",
        &json!({"stringData": {"url": "sqlite:/x"}}),
    );
    let (second, _) = world.eventually("another checksum", PATIENCE, || {
        deployment().filter(|one| checksum(one) != checksum(&first))
    });
    let generation = |one: &Value| one["metadata"]["generation"].as_i64().unwrap_or_default();
    assert_eq!(generation(&second), generation(&first) + 1);

    world.delete("secrets", "db");
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

/// Pods of the operator's choice keep their image until something else changes them.
#[test]
fn a_newer_operator_restarts_nobody() {
    let Some(mut world) = World::new("newer") else {
        return;
    };
    let spec = |level: &str| {
        json!({
            "gateway": {"upstreams": [{"url": "http://books:9090"}]}, "args": [level],
        })
    };
    world.operator("old", &["--alone"]);
    world.service("a", &spec("-v"));
    world.reason("a", "Applied", "Applied");
    let before = world.get("deployments", "a").expect("it");
    world.end(0);
    let moment = world.moment();
    world.operator("new", &["--alone", "--image", "localhost/protoloop:newer"]);
    world.eventually("it has looked", PATIENCE, || {
        let applied = |one: &str| one.starts_with("new patch deployments");
        world
            .writes(moment)
            .iter()
            .any(|one| applied(one))
            .then_some(())
    });
    let after = world.get("deployments", "a").expect("it");
    assert_eq!(after["spec"]["template"], before["spec"]["template"]);
    assert_eq!(
        after["metadata"]["generation"],
        before["metadata"]["generation"]
    );
    world.service("a", &spec("-vv"));
    let moved = || {
        let image = "/spec/template/spec/containers/0/image";
        let deployment = world.get("deployments", "a")?;
        (deployment.pointer(image) == Some(&json!("localhost/protoloop:newer"))).then_some(())
    };
    world.eventually(
        "pods change anyway, and with them the image",
        PATIENCE,
        moved,
    );
}
