//! Of several operators one writes.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::World;

fn image(world: &World, number: usize) {
    world.service("a", &json!({"image": {"name": format!("a:{number}")}}));
}

fn rolled(world: &World, number: usize, time: Duration) -> Duration {
    let wanted = json!(format!("a:{number}"));
    let path = "/spec/template/spec/containers/0/image";
    let moved = || {
        world
            .get("deployment", "a")
            .filter(|one| one.pointer(path) == Some(&wanted))
    };
    world.eventually(&format!("image {number}"), time, moved).1
}

fn holder(world: &World) -> Option<String> {
    let text = world.try_kubectl(&[
        "get",
        "lease",
        "protoloop-operator",
        "-n",
        "default",
        "-o",
        "jsonpath={.spec.holderIdentity}",
    ]);
    text.ok().filter(|text| !text.is_empty())
}

#[test]
fn one_writes_and_another_goes_on() {
    let Some(mut world) = World::new("leaders") else {
        return;
    };
    let soon = Duration::from_secs(10);
    let first = world.operator("first", &[]);
    world.eventually("the first leads", soon, || {
        holder(&world).filter(|who| who == "first")
    });
    world.operator("second", &[]);
    for number in 1..5 {
        image(&world, number);
        rolled(&world, number, soon);
    }
    let writers: std::collections::BTreeSet<_> = world
        .writes(0)
        .iter()
        .map(|write| write.split(' ').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(writers, ["first".to_owned()].into());

    // Killed: the other goes on when the Lease has run out, which is 4 s.
    let moment = world.moment();
    let begun = Instant::now();
    world.signal(first, "KILL");
    image(&world, 5);
    rolled(&world, 5, Duration::from_secs(8));
    eprintln!("killed: the second went on after {:?}", begun.elapsed());
    assert!(
        world
            .writes(moment)
            .iter()
            .all(|write| write.starts_with("second "))
    );

    // Asked to end: it lets go.
    let third = world.operator("third", &[]);
    let (_, _) = world.eventually("the third is there", soon, || {
        world
            .command("curl")
            .args(["-sf", "http://127.0.0.1:8102/readyz"])
            .output()
            .ok()
            .filter(|output| output.status.success())
    });
    let second = world.kubectl(&[
        "get",
        "lease",
        "protoloop-operator",
        "-n",
        "default",
        "-o",
        "jsonpath={.spec.holderIdentity}",
    ]);
    assert_eq!(second, "second");
    let begun = Instant::now();
    world.end(1);
    image(&world, 6);
    rolled(&world, 6, soon);
    let took = begun.elapsed();
    eprintln!("asked to end: the third ({third}) went on after {took:?}");
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(holder(&world).as_deref(), Some("third"));
}
