//! From a number to an autoscaler and back, without a moment at which the number is nobody's.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{PATIENCE, World};

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
    world.eventually("an autoscaler", PATIENCE, || {
        world.get("horizontalpodautoscalers", "a")
    });
    let given_up = || {
        world
            .get("deployments", "a")
            .filter(|one| owner_of_replicas(one) == ["protoloop-operator-handover"])
    };
    let (deployment, _) = world.eventually("replicas are handed over", PATIENCE, given_up);
    assert_eq!(deployment["spec"]["replicas"], 3);
    // As the autoscaler does.
    let scale = [
        "scale",
        "deployment",
        "a",
        "-n",
        world.name(),
        "--replicas=6",
    ];
    let status = world.command("kubectl").args(scale).status();
    assert!(status.is_ok_and(|status| status.success()));
    world.service("a", &json!({"image": {"name": "a:2"}, "replicas": 3, "autoscaling": {"minReplicas": 2, "maxReplicas": 8}}));
    let image = "/spec/template/spec/containers/0/image";
    let moved = || {
        world
            .get("deployments", "a")
            .filter(|one| one.pointer(image) == Some(&json!("a:2")))
    };
    let (deployment, _) = world.eventually("the new image", PATIENCE, moved);
    assert_eq!(
        deployment["spec"]["replicas"], 6,
        "the autoscaler's number stays"
    );

    world.service("a", &fixed);
    let ours = || {
        world
            .get("deployments", "a")
            .filter(|one| one["spec"]["replicas"] == 3)
    };
    world.eventually("our number again", PATIENCE, ours);
    assert!(
        world.get("horizontalpodautoscalers", "a").is_none(),
        "whoever would take it back is gone before"
    );
    // Killed by its id: it is ours.
    watch.kill().expect("kubectl ends");
    watch.wait().expect("kubectl ends");
    let seen = seen.lock().expect("nobody panics").clone();
    assert!(!seen.is_empty());
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
        .args(["get", "deployment", "a", "-n", world.name(), "-w"])
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
    // It begins with what there is.
    world.eventually("kubectl", PATIENCE, || {
        (!seen.lock().expect("nobody panics").is_empty()).then_some(())
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
    let scaler = || world.get("horizontalpodautoscalers", "a");
    let pods = |wanted: i64| move |one: &Value| one["spec"]["replicas"] == wanted;
    world.service("a", &spec(json!({})));
    world.eventually("an autoscaler", PATIENCE, scaler);
    world.service("a", &spec(json!({"stopped": true})));
    world.eventually("no pod is wanted", PATIENCE, || {
        world.get("deployments", "a").filter(pods(0))
    });
    world.eventually("no autoscaler", PATIENCE, || {
        scaler().is_none().then_some(())
    });
    world.reason("a", "Available", "Stopped");
    world.service("a", &spec(json!({})));
    world.eventually("pods again", PATIENCE, || {
        world.get("deployments", "a").filter(pods(2))
    });

    world.service("a", &spec(json!({"paused": true})));
    world.reason("a", "Applied", "Paused");
    world.delete("services", "a");
    let moment = world.moment();
    world.merge(
        "microservices",
        "a",
        &json!({"metadata": {"labels": {"x": "y"}}}),
    );
    world.some_time(Duration::from_secs(2));
    assert_eq!(world.writes(moment), Vec::<String>::new());
    world.service("a", &spec(json!({})));
    world.eventually("the Service again", PATIENCE, || world.get("services", "a"));
}
