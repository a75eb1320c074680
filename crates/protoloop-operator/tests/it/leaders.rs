//! Of several operators one writes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    rights::{self, Right},
    support::{PATIENCE, World},
};

fn image(world: &World, number: usize) {
    world.service("a", &json!({"image": {"name": format!("a:{number}")}}));
}

fn rolled(world: &World, number: usize, time: Duration) -> Duration {
    let wanted = json!(format!("a:{number}"));
    let path = "/spec/template/spec/containers/0/image";
    let moved = || {
        world
            .get("deployments", "a")
            .filter(|one| one.pointer(path) == Some(&wanted))
    };
    world.eventually(&format!("image {number}"), time, moved).1
}

/// Who holds the one Lease that the account may write.
fn holder(world: &World) -> Option<String> {
    let path = "jsonpath={.spec.holderIdentity}";
    let words = [
        "get",
        "lease",
        "protoloop-operator",
        "-n",
        "protoloop",
        "-o",
        path,
    ];
    let output = world.command("kubectl").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.strip_prefix("leaders-").map(str::to_owned)
}

#[test]
fn one_writes_and_another_goes_on() {
    let Some(mut world) = World::new("leaders") else {
        return;
    };
    let begun = world.moment();
    // The manifests bring it; one that somebody deletes is made again.
    let gone = ["delete", "lease", "protoloop-operator", "-n", "protoloop"];
    let deleted = world.command("kubectl").args(gone).output();
    assert!(deleted.is_ok_and(|output| output.status.success()));
    world.operator("first", &[]);
    world.eventually("the first leads", PATIENCE, || {
        holder(&world).filter(|who| who == "first")
    });
    world.operator("second", &[]);
    for number in 1..5 {
        image(&world, number);
        rolled(&world, number, PATIENCE);
    }
    assert_eq!(writers(&world, begun), ["first".to_owned()].into());

    // Killed: the other goes on when the Lease has run out, which is 4 s.
    world.reason("a", "Applied", "Applied");
    let killed = Instant::now();
    world.kill(0);
    // What it had asked for last may be told a little later.
    world.some_time(Duration::from_millis(300));
    let moment = world.moment();
    image(&world, 5);
    rolled(&world, 5, Duration::from_secs(8));
    let took = killed.elapsed();
    eprintln!("killed: the second went on after {took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(writers(&world, moment), ["second".to_owned()].into());

    // Asked to end: it lets go.
    world.operator("third", &[]);
    world.eventually("the third is there", PATIENCE, || {
        world.is_ready(2).then_some(())
    });
    assert_eq!(holder(&world).as_deref(), Some("second"));
    let asked = Instant::now();
    world.end(1);
    image(&world, 6);
    rolled(&world, 6, PATIENCE);
    let took = asked.elapsed();
    eprintln!("asked to end: the third went on after {took:?}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert_eq!(holder(&world).as_deref(), Some("third"));

    let of_lease = |right: &Right| right.1 == "leases";
    let used: BTreeSet<_> = rights::used(&world, begun)
        .into_iter()
        .filter(of_lease)
        .collect();
    let given = rights::given("Role").into_iter().filter(of_lease).collect();
    assert_eq!(used, given);
}

fn writers(world: &World, since: u64) -> BTreeSet<String> {
    let requests = world.requests(since);
    let writes = requests.into_iter().filter(|request| !request.reads());
    writes.map(|request| request.operator).collect()
}
