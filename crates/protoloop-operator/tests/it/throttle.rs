//! What changes the pods of many services at once goes through them a few at a time.

use std::time::Duration;

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

/// Those whose status says that they are being replaced along with others.
fn with_places(world: &World) -> Vec<&'static str> {
    let has_place = |name: &&'static str| {
        let service = world.get("microservices", name).expect("it");
        service["status"]["sharedRollout"] == true
    };
    NAMES.into_iter().filter(has_place).collect()
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
    let settled = |world: &World, (first, left)| {
        let settled = || {
            let now = moved(world, &before);
            (waiting(world) == left && now.len() == first).then_some(now)
        };
        world.eventually("the others wait", PATIENCE, settled).0
    };
    let first = settled(&world, (2, 3));
    assert_eq!(with_places(&world), first);

    // Another operator counts what the one of before let through.
    world.kill(0);
    let moment = world.moment();
    world.operator("two", &["--alone", "--max-rollouts", "2"]);
    world.eventually("it has looked at all", PATIENCE, || {
        let writes = world.writes(moment);
        let looked = |name: &&str| writes.contains(&format!("two patch serviceaccounts/{name}"));
        NAMES.iter().all(looked).then_some(())
    });
    world.some_time(Duration::from_secs(1));
    assert_eq!(settled(&world, (2, 3)), first);

    first.iter().for_each(|name| world.pods_are_ready(name));
    let second = settled(&world, (4, 1));
    second.iter().for_each(|name| world.pods_are_ready(name));
    world.eventually("all have it", PATIENCE, || {
        (moved(&world, &before).len() == NAMES.len()).then_some(())
    });
    NAMES.iter().for_each(|name| world.pods_are_ready(name));
    world.eventually("all places are free", PATIENCE, || {
        with_places(&world).is_empty().then_some(())
    });

    // Whoever changes a resource does not wait for others.
    let before = NAMES.map(|name| generation(&world, name));
    world.merge("secrets", "ca", &json!({"stringData": {"ca.crt": "newer"}}));
    world.service("e", &spec("a:2"));
    world.eventually("its own change", PATIENCE, || {
        moved(&world, &before).contains(&"e").then_some(())
    });
}
