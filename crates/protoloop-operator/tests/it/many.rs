//! Five hundred services.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{NAMESPACE, World, microservice};

const COUNT: usize = 500;

#[test]
fn five_hundred_services_are_kept() {
    let Some(mut world) = World::new("many") else {
        return;
    };
    let id = world.operator("one", &["--alone"]);
    let items: Vec<Value> = (0..COUNT)
        .map(|number| microservice(&format!("s{number}"), &json!({"image": {"name": "a:1"}})))
        .collect();
    let begun = Instant::now();
    world
        .send(
            &["create"],
            &json!({"apiVersion": "v1", "kind": "List", "items": items}),
        )
        .expect("they are made");
    let made = begun.elapsed();
    let ready = || {
        let text = world.kubectl(&["get", "ms", "-n", NAMESPACE, "-o", "jsonpath={range .items[*]}{.status.conditions[?(@.type==\"Applied\")].status}{\"\\n\"}{end}"]);
        (text.lines().filter(|line| *line == "True").count() == COUNT).then_some(())
    };
    world.eventually("all are applied", Duration::from_secs(120), ready);
    let took = begun.elapsed();
    let memory = resident(id);
    eprintln!("{COUNT} services: made in {made:?}, kept after {took:?}, {memory} KiB");
    assert_eq!(world.list("deployments").len(), COUNT);
    assert_eq!(world.list("services").len(), 2 * COUNT);
    // What the machine takes for it is measured by hand; this only catches what has gone wrong by a factor.
    assert!(memory < 120 * 1024, "{memory} KiB");
}

/// Memory of a process, in KiB.
fn resident(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
