//! Five hundred services.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{World, condition};

const COUNT: usize = 500;
/// After that they hang. On a quiet machine they are kept after half a minute; what else runs decides what it is elsewhere.
const PATIENCE: Duration = Duration::from_secs(300);
/// A release build has 25 MiB at its highest, where the issue asks for 40 at most; a debug build 45.
const MEMORY: u64 = if cfg!(debug_assertions) { 52 } else { 32 } * 1024;

#[test]
fn five_hundred_services_are_kept() {
    let Some(mut world) = World::new("many") else {
        return;
    };
    let id = world.operator("one", &["--alone"]);
    let begun = Instant::now();
    for number in 0..COUNT {
        let service = world.microservice(&format!("s{number}"), &json!({"image": {"name": "a:1"}}));
        world.create(&service);
    }
    let made = begun.elapsed();
    let kept = || {
        let applied = |one: &serde_json::Value| {
            condition(one, "Applied").is_some_and(|applied| applied["status"] == "True")
        };
        let all = world.list("microservices");
        (all.iter().filter(|one| applied(one)).count() == COUNT).then_some(())
    };
    world.eventually("all are applied", PATIENCE, kept);
    let took = begun.elapsed();
    let memory = resident(id);
    eprintln!("{COUNT} services: made in {made:?}, kept after {took:?}, {memory} KiB");
    assert_eq!(world.list("deployments").len(), COUNT);
    assert_eq!(world.list("services").len(), 2 * COUNT);
    assert!(memory < MEMORY, "{memory} KiB");
}

/// The most memory that a process has had, in KiB.
fn resident(id: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}
