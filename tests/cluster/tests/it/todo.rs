//! `examples/todo` by Helm, from nothing to nothing: no image is built for it, and no code written.

use std::{fs, path::Path, time::Duration};

use protoloop_cluster::shell;
use serde_json::Value;

use crate::support::{
    calls::python,
    find,
    helm::{chart, schema_file},
    images::{self, CURL, PROTOLOOP},
    namespace::Namespace,
    root,
};

#[test]
fn installed_called_upgraded_rolled_back_and_gone() {
    let (Some(here), Some(_), Some(grpcurl), Some(_)) = (
        Namespace::new("todo"),
        find("PROTOLOOP_TEST_HELM"),
        find("PROTOLOOP_TEST_GRPCURL"),
        find("PROTOLOOP_TEST_PYTHON"),
    ) else {
        return;
    };
    images::load(here.cluster, PROTOLOOP);
    images::load(here.cluster, CURL);
    let proto = root().join("examples/todo/todo.proto");
    release(&here, "install", &schema_file("todo.proto", &proto));
    let address = here.address("todo");

    // REST and gRPC, through the Service, by clients of others.
    let todos = format!("http://{address}/v1/todos");
    let created = here.post(&todos, r#"{"title": "buy milk"}"#);
    assert!(created.contains("buy milk"), "{created}");
    let grpc = format!("{address}:9090");
    let listed = here.run(&grpcurl, &["-plaintext", &grpc, "list"]);
    assert!(listed.contains("todo.v1.TodoService"), "{listed}");
    let deleted = todo_id(&created);
    here.run(
        "curl",
        &[
            "-sS",
            "--fail",
            "-X",
            "DELETE",
            &format!("{todos}/{deleted}"),
        ],
    );
    if let Some(mut all) = python(&here, "todo.py", &[&grpc]) {
        shell::output(&mut all).unwrap_or_else(|failure| panic!("{failure}"));
    }
    here.helm(&["test", "todo", "--timeout", "2m"]);
    what_the_notes_say_works(&here, &grpcurl);

    // Another schema makes other pods; the former one comes back by a rollback.
    let before = schema_of(&here);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let changed = folder.path().join("todo.proto");
    let text = fs::read_to_string(&proto).expect("it is there");
    let text = text.replace("bool done = 3;", "bool done = 3;\n  string note = 4;");
    fs::write(&changed, text).expect("the folder is ours");
    release(&here, "upgrade", &schema_file("todo.proto", &changed));
    assert_ne!(schema_of(&here), before);
    // Behind a rollout the pod of before drains for a while, and still answers what it knows.
    let note = || here.try_post(&todos, r#"{"note": "oat"}"#);
    let noted = shell::wait("the new field", Duration::from_secs(30), note);
    assert!(noted.is_ok_and(|noted| noted.contains("oat")));
    here.helm(&["rollback", "todo", "1", "--wait", "--timeout", "3m"]);
    assert_eq!(schema_of(&here), before);

    here.helm(&["uninstall", "todo", "--wait", "--timeout", "2m"]);
    here.is_empty_soon();
}

/// Types the commands that Helm prints behind an installation.
fn what_the_notes_say_works(here: &Namespace, grpcurl: &Path) {
    let notes = here.helm(&["get", "notes", "todo"]);
    let programs = ["kubectl ", "curl ", "grpcurl "];
    let is_typed = |line: &&str| programs.iter().any(|program| line.starts_with(program));
    let typed: Vec<_> = notes.lines().map(str::trim).filter(is_typed).collect();
    assert_eq!(typed.len(), 4, "{notes}");
    // One command goes on until it is ended; in this network others listen at the port that it names.
    let (until, ready) = (
        "for _ in $(seq 100); do",
        "curl -s localhost:18080/livez && break; sleep 0.1; done",
    );
    let typed = typed
        .into_iter()
        .map(|line| match line.contains("port-forward") {
            true => format!("{line} &\n{until} {ready}"),
            false => line.to_owned(),
        });
    let typed = typed.collect::<Vec<_>>().join("\n");
    let folder = grpcurl.parent().expect("it lies in a folder").display();
    let script = format!(
        "set -euo pipefail\ntrap 'jobs -p | xargs -r kill' EXIT\nPATH=$PATH:{folder}\n{}",
        typed
            .replace("8080:80", "18080:80")
            .replace("localhost:8080", "localhost:18080")
    );
    let said = here.run("bash", &["-c", &script]);
    assert!(said.contains("todo.v1.TodoService"), "{said}");
}

/// Installs or upgrades; the values are those of the README, with the images of this test.
fn release(here: &Namespace, how: &str, schema: &str) {
    let runtime = format!("runtime.image={PROTOLOOP}");
    let tests = format!("tests.image={CURL}");
    here.helm(&[
        how,
        "todo",
        &chart("protoloop"),
        "--wait",
        "--timeout",
        "3m",
        "--set-file",
        schema,
        "--set",
        "datasource.url=memory:",
        "--set",
        &runtime,
        "--set",
        "runtime.pullPolicy=Never",
        "--set",
        &tests,
        "--set",
        "tests.pullPolicy=Never",
    ]);
}

/// The digest of the schema that new pods have.
fn schema_of(here: &Namespace) -> Value {
    here.get("deployment/todo")["spec"]["template"]["metadata"]["annotations"]["protoloop.dev/schema"].clone()
}

fn todo_id(created: &str) -> String {
    let created: Value = serde_json::from_str(created).expect("REST answers JSON");
    created["id"].as_str().expect("it has an id").to_owned()
}
