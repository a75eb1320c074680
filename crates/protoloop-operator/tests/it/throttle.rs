//! What changes the pods of many services at once goes through them a few at a time.

use serde_json::{Value, json};

use crate::support::{PATIENCE, World};

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn generation(world: &World, name: &str) -> Value {
    world.get("deployments", name).expect("it")["metadata"]["generation"].clone()
}

/// Those whose pods have been given something else.
fn moved(world: &World, before: &[Value]) -> Vec<&'static str> {
    let is = |(name, before): &(&'static str, &Value)| generation(world, name) != **before;
    let pairs = NAMES.into_iter().zip(before);
    pairs.filter(is).map(|(name, _)| name).collect()
}

#[test]
fn a_secret_of_many_replaces_their_pods_two_at_a_time() {
    let Some(mut world) = World::new("throttle") else {
        return;
    };
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "ca"},
        "stringData": {"ca.crt": "old"},
    }));
    world.operator("one", &["--alone", "--max-rollouts", "2"]);
    let spec =
        |image: &str| json!({"image": {"name": image}, "envFrom": [{"secretRef": {"name": "ca"}}]});
    for name in NAMES {
        world.service(name, &spec("a:1"));
        world.reason(name, "Applied", "Applied");
        world.pods_are_ready(name);
        world.reason(name, "Available", "Available");
    }
    let before = NAMES.map(|name| generation(&world, name));
    world.merge("secrets", "ca", &json!({"stringData": {"ca.crt": "new"}}));
    let waiting = |world: &World| {
        let reason = |name: &&&str| {
            let service = world.get("microservices", name).expect("it");
            let applied = crate::support::condition(&service, "Applied").expect("a condition");
            applied["reason"] == "RolloutQueued"
        };
        NAMES.iter().filter(reason).count()
    };
    for (first, left) in [(2, 3), (4, 1)] {
        let settled = || {
            let now = moved(&world, &before);
            (waiting(&world) == left && now.len() == first).then_some(now)
        };
        let (now, _) = world.eventually("the others wait", PATIENCE, settled);
        now.iter().for_each(|name| world.pods_are_ready(name));
    }
    world.eventually("all have it", PATIENCE, || {
        (moved(&world, &before).len() == NAMES.len()).then_some(())
    });

    // Whoever changes a resource does not wait for others.
    let before = NAMES.map(|name| generation(&world, name));
    world.merge("secrets", "ca", &json!({"stringData": {"ca.crt": "newer"}}));
    world.service("e", &spec("a:2"));
    world.eventually("its own change", PATIENCE, || {
        moved(&world, &before).contains(&"e").then_some(())
    });
}
