//! A schema on its way to the pods: Jobs first, pods behind them, and the way back. What Jobs and pods do is told by the tests.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{PATIENCE, World, condition, jobs};

const FIRST: &str = "string title = 1;";
const SECOND: &str = "string title = 1; string note = 2;";
const THIRD: &str = "string title = 1; string place = 3;";

fn spec(fields: &str) -> Value {
    let text = format!("syntax = \"proto3\";\npackage todo;\nmessage Todo {{ {fields} }}\n");
    json!({
        "schema": {"files": {"todo.proto": text}},
        "datasource": {"secret": {"name": "db", "key": "url"}},
        "volumes": [
            {"name": "ca", "secret": {"secretName": "ca", "optional": true}},
            {"name": "cache", "persistentVolumeClaim": {"claimName": "cache"}},
        ],
        "volumeMounts": [
            {"name": "ca", "mountPath": "/etc/ca", "readOnly": true},
            {"name": "cache", "mountPath": "/cache"},
        ],
    })
}

fn begin(name: &'static str) -> Option<World> {
    let mut world = World::new(name)?;
    world.create(&json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"},
        "stringData": {"url": "postgres://u@h/d"},
    }));
    world.operator("one", &["--alone"]);
    Some(world)
}

/// What pods are given: the digest of the schema, and how often that has changed.
fn given(world: &World) -> Option<(String, i64)> {
    let deployment = world.get("deployments", "a")?;
    let digest = "/spec/template/metadata/annotations/protoloop.dev~1schema";
    let digest = deployment.pointer(digest)?.as_str()?.to_owned();
    Some((digest, deployment["metadata"]["generation"].as_i64()?))
}

fn schema(world: &World) -> Value {
    world.get("microservices", "a").expect("it")["status"]["schema"].clone()
}

/// Brings a spec to its end, and answers the digest of its schema.
fn arrives(world: &World, spec: &Value) -> String {
    world.service("a", spec);
    jobs::completes(world, &jobs::of(world, "a", "expand"));
    world.reason("a", "Migrated", "Expanded");
    world.pods_are_ready("a");
    jobs::completes(world, &jobs::of(world, "a", "contract"));
    world.reason("a", "Migrated", "Migrated");
    given(world).expect("pods").0
}

#[test]
fn pods_wait_for_the_job_and_keep_what_they_have_when_it_fails() {
    let Some(mut world) = begin("phases") else {
        return;
    };
    world.service("a", &spec(FIRST));
    let job = jobs::of(&world, "a", "expand");
    world.reason("a", "Migrated", "Expanding");
    assert_eq!(given(&world), None, "no pod before the database is ready");
    mounts_what_is_configuration(&world.get("jobs", &job).expect("it"));
    jobs::completes(&world, &job);
    world.reason("a", "Migrated", "Expanded");
    world.pods_are_ready("a");
    jobs::completes(&world, &jobs::of(&world, "a", "contract"));
    world.reason("a", "Migrated", "Migrated");
    let first = given(&world);
    assert!(first.is_some());

    // Another operator finds the Job of the one before it and makes no second.
    world.service("a", &spec(SECOND));
    let job = jobs::of(&world, "a", "expand");
    let count = world.list("jobs").len();
    world.kill(0);
    world.operator("two", &["--alone"]);
    let moment = world.moment();
    world.merge("microservices", "a", &json!({"spec": {"args": ["-v"]}}));
    world.reason("a", "Migrated", "Expanding");
    let written = |one: &String| one.contains("deployments");
    world.eventually("it has looked", PATIENCE, || {
        world.writes(moment).iter().any(written).then_some(())
    });
    assert_eq!(world.list("jobs").len(), count);
    let kept = given(&world).expect("pods");
    assert_eq!(
        Some(&kept.0),
        first.as_ref().map(|(digest, _)| digest),
        "not before the Job is complete"
    );

    jobs::fails(&world, &job, "column note cannot be added");
    let failed = world.reason("a", "Migrated", "MigrationFailed");
    assert_eq!(failed["status"], "False");
    let said = failed["message"].as_str().unwrap_or_default();
    assert!(said.contains("column note cannot be added"), "{said}");
    let told = || {
        world
            .list("events")
            .into_iter()
            .find(|event| event["reason"] == "MigrationFailed")
    };
    let (event, _) = world.eventually("an event", PATIENCE, told);
    assert_eq!(event["type"], "Warning");
    assert_eq!(given(&world), Some(kept), "pods keep what they have");
}

/// A CA of the database is read by the Job too; a disk belongs to the pods.
fn mounts_what_is_configuration(job: &Value) {
    let pod = &job["spec"]["template"]["spec"];
    let names = |list: &Value| {
        let list = list.as_array().cloned().unwrap_or_default();
        let names = list.iter().filter_map(|one| one["name"].as_str());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&pod["volumes"]), ["schema", "tmp", "ca"]);
    assert_eq!(
        names(&pod["containers"][0]["volumeMounts"]),
        ["schema", "tmp", "ca"]
    );
}

#[test]
fn a_revision_is_gone_back_to_and_a_lost_status_hurts_nobody() {
    let Some(mut world) = begin("revisions") else {
        return;
    };
    let first = arrives(&world, &spec(FIRST));
    let second = arrives(&world, &spec(SECOND));
    assert_ne!(first, second);

    let mut back = spec(SECOND);
    back["schema"]["rollbackTo"] = json!(first);
    assert_eq!(arrives(&world, &back), first);
    assert_eq!(schema(&world)["serving"], json!(first));

    // Nobody remembers anything: neither the status nor the operator.
    let before = given(&world);
    // Jobs are told from those of an earlier turn by seconds.
    world.some_time(Duration::from_millis(1100));
    world.kill(0);
    let path = "status";
    let nothing =
        json!({"conditions": [], "schema": null, "image": null, "template": null, "ready": null});
    world.merge_status("microservices", "a", &nothing);
    assert_eq!(
        world.get("microservices", "a").expect("it")[path]["schema"],
        Value::Null
    );
    world.operator("two", &["--alone"]);
    world.reason("a", "SchemaCompatible", "Serving");
    world.reason("a", "Applied", "Applied");
    assert_eq!(given(&world), before, "pods stay as they are");
    let known = schema(&world);
    assert_eq!(known["serving"], json!(first));
    let names: Vec<_> = known["revisions"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(
        names.len(),
        2,
        "there is still a way to the other one: {known}"
    );

    // What was done to the database is not known any more, so it is done again, which changes nothing; and then the way works.
    for phase in ["expand", "contract"] {
        jobs::completes(&world, &jobs::of(&world, "a", phase));
    }
    world.reason("a", "Migrated", "Migrated");
    assert_eq!(given(&world), before, "pods stay as they are");
    let mut forth = spec(SECOND);
    forth["schema"]["rollbackTo"] = json!(second);
    assert_eq!(arrives(&world, &forth), second);
    forth["schema"]["rollbackTo"] = json!("0000000000");
    world.service("a", &forth);
    let missing = world.reason("a", "SchemaValid", "SourceMissing");
    assert!(
        missing["message"]
            .as_str()
            .is_some_and(|text| text.contains("0000000000"))
    );
    assert_eq!(given(&world).map(|(digest, _)| digest), Some(second));
}

#[test]
fn consent_to_losing_data_is_heard_behind_the_job_that_lacked_it() {
    let Some(world) = begin("consent") else {
        return;
    };
    arrives(&world, &spec(FIRST));
    let mut third = spec(THIRD);
    third["schema"]["allowBreaking"] = json!(true);
    arrives(&world, &third);
    let before = given(&world);
    let count = world.list("jobs").len();

    third["migrations"] = json!({"allowDestructive": true});
    world.service("a", &third);
    let job = jobs::of(&world, "a", "contract");
    let arguments =
        &world.get("jobs", &job).expect("it")["spec"]["template"]["spec"]["containers"][0]["args"];
    let destructive = json!("--allow-destructive");
    assert!(
        arguments
            .as_array()
            .is_some_and(|all| all.contains(&destructive)),
        "{arguments}"
    );
    jobs::completes(&world, &job);
    world.reason("a", "Migrated", "Migrated");
    assert_eq!(world.list("jobs").len(), count + 1);
    assert_eq!(given(&world), before, "no pod starts anew for it");

    // Taken back, it changes nothing.
    third["migrations"] = json!({"allowDestructive": false});
    world.service("a", &third);
    world.reason("a", "Migrated", "Migrated");
    assert_eq!(world.list("jobs").len(), count + 1);
    let ready = condition(&world.get("microservices", "a").expect("it"), "Migrated");
    assert_eq!(ready.expect("a condition")["status"], "True");
}
