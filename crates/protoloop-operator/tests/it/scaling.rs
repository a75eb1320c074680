//! From a number to an autoscaler and back, without a moment at which the number is nobody's.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{NAMESPACE, World};

const SOON: Duration = Duration::from_secs(5);

#[test]
fn replicas_are_handed_over() {
    let Some(mut world) = World::new("scaling") else {
        return;
    };
    world.operator("one", &["--alone"]);
    let fixed = json!({"image": {"name": "a:1"}, "replicas": 3});
    let scaled = json!({"image": {"name": "a:1"}, "replicas": 3, "autoscaling": {"minReplicas": 2, "maxReplicas": 8}});
    world.service("a", &fixed);
    world.reason("a", "Applied", "Applied");
    let (mut watch, seen) = watched(&world);
    world.service("a", &scaled);
    world.eventually("an autoscaler", SOON, || world.get("hpa", "a"));
    let given_up = || {
        world
            .get("deployment", "a")
            .filter(|one| owner_of_replicas(one) == ["protoloop-operator-handover"])
    };
    let (deployment, _) = world.eventually("replicas are handed over", SOON, given_up);
    assert_eq!(deployment["spec"]["replicas"], 3);
    // As the autoscaler does.
    world.kubectl(&["scale", "deployment", "a", "-n", NAMESPACE, "--replicas=6"]);
    world.service("a", &json!({"image": {"name": "a:2"}, "replicas": 3, "autoscaling": {"minReplicas": 2, "maxReplicas": 8}}));
    let image = "/spec/template/spec/containers/0/image";
    let moved = || {
        world
            .get("deployment", "a")
            .filter(|one| one.pointer(image) == Some(&json!("a:2")))
    };
    assert_eq!(
        world.eventually("the new image", SOON, moved).0["spec"]["replicas"],
        6,
        "the autoscaler's number stays"
    );

    world.service("a", &fixed);
    let ours = || {
        world
            .get("deployment", "a")
            .filter(|one| one["spec"]["replicas"] == 3)
    };
    world.eventually("our number again", SOON, ours);
    assert!(
        world.get("hpa", "a").is_none(),
        "whoever would take it back is gone before"
    );
    // Killed by its id: it is ours.
    watch.kill().expect("kubectl ends");
    watch.wait().expect("kubectl ends");
    let seen = seen.lock().expect("nobody panics").clone();
    assert!(
        seen.iter()
            .all(|number| ["3", "6"].contains(&number.as_str())),
        "{seen:?}"
    );
}

/// Everything that `spec.replicas` of the Deployment is from now on, while kubectl runs.
fn watched(world: &World) -> (Child, Arc<Mutex<Vec<String>>>) {
    let mut watch = world
        .command("kubectl")
        .args(["get", "deployment", "a", "-n", NAMESPACE, "-w"])
        .args(["-o", "jsonpath={.spec.replicas}{\"\\n\"}"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("kubectl runs");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let output = BufReader::new(watch.stdout.take().expect("it is piped"));
    let noted = Arc::clone(&seen);
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            noted.lock().expect("nobody panics").push(line);
        }
    });
    (watch, seen)
}

/// Who has `spec.replicas` among its fields.
fn owner_of_replicas(deployment: &Value) -> Vec<String> {
    let managers = deployment["metadata"]["managedFields"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let has = |entry: &&Value| entry["fieldsV1"]["f:spec"]["f:replicas"].is_object();
    managers
        .iter()
        .filter(has)
        .filter_map(|entry| entry["manager"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn stopping_and_pausing_are_obeyed() {
    let Some(mut world) = World::new("stop") else {
        return;
    };
    world.operator("one", &["--alone"]);
    let spec = |operation: Value| json!({"image": {"name": "a:1"}, "autoscaling": {"minReplicas": 2, "maxReplicas": 3}, "operation": operation});
    world.service("a", &spec(json!({})));
    world.eventually("an autoscaler", SOON, || world.get("hpa", "a"));
    world.service("a", &spec(json!({"stopped": true})));
    world.eventually("no pod is wanted", SOON, || {
        world
            .get("deployment", "a")
            .filter(|one| one["spec"]["replicas"] == 0)
    });
    world.eventually("no autoscaler", SOON, || {
        world.get("hpa", "a").is_none().then_some(())
    });
    world.reason("a", "Available", "Stopped");
    world.service("a", &spec(json!({})));
    world.eventually("pods again", SOON, || {
        world
            .get("deployment", "a")
            .filter(|one| one["spec"]["replicas"] == 2)
    });

    world.service("a", &spec(json!({"paused": true})));
    world.reason("a", "Applied", "Paused");
    world.kubectl(&["delete", "service", "a", "-n", NAMESPACE]);
    let moment = world.moment();
    world.kubectl(&["label", "ms", "a", "-n", NAMESPACE, "x=y"]);
    let later = std::time::Instant::now() + Duration::from_secs(2);
    world.eventually("some time", SOON, || {
        (std::time::Instant::now() > later).then_some(())
    });
    assert_eq!(world.writes(moment), Vec::<String>::new());
    world.service("a", &spec(json!({})));
    world.eventually("the Service again", SOON, || world.get("service", "a"));
}
