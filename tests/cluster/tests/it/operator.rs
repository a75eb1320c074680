//! The operator, by its chart: from a resource of fifteen lines to a service that answers, whatever becomes of the operator.

use std::{thread, time::Duration};

use protoloop_cluster::shell;

use crate::{
    deploy, schema_changes,
    support::{
        find,
        helm::chart,
        images::{self, OPERATOR, PROTOLOOP},
        namespace::Namespace,
        root,
    },
};

/// How often the operator's pod is killed while things change; its process is more often, see `schema_changes`.
const KILLS: u32 = 10;

#[test]
fn a_resource_becomes_a_service_whatever_becomes_of_the_operator() {
    let (Some(here), Some(_)) = (Namespace::new("operated"), find("PROTOLOOP_TEST_HELM")) else {
        return;
    };
    images::load(here.cluster, PROTOLOOP);
    images::load(here.cluster, OPERATOR);
    let image = format!(
        "image={OPERATOR},runtimeImage={PROTOLOOP},pullPolicy=Never,namespaces={{operated}}"
    );
    let values = [
        "--wait",
        "--timeout",
        "3m",
        "--set",
        &*image,
        "--set",
        "leaderElection.seconds=3",
    ];
    let chart = chart("protoloop-operator");
    here.helm(&[&["install", "operator", &chart][..], &values].concat());

    let sample = root().join("k8s/samples/memory.yaml");
    here.kubectl(&[
        "apply",
        "--filename",
        sample.to_str().expect("a UTF-8 path"),
    ]);
    ready(&here, "2m");
    let address = here.address("todo");
    let todos = format!("http://{address}/v1/todos");
    let created = here.post(&todos, r#"{"title": "buy milk"}"#);
    assert!(created.contains("buy milk"), "{created}");
    let shown = here.kubectl(&["get", "ms"]);
    assert!(shown.contains("todo") && shown.contains("True"), "{shown}");

    converges_under_kills(&here);
    deploy::a_resource(&here);
    schema_changes::are_kept_from_callers(&here);

    // With the resource go its objects; with the chart goes everything but the definition.
    here.kubectl(&["delete", "ms", "todo", "--wait"]);
    here.helm(&["uninstall", "operator", "--wait", "--timeout", "2m"]);
    here.is_empty_soon();
    here.kubectl(&["get", "crd", "microservices.protoloop.dev"]);
}

/// Kills the operator in the middle of changes; what was written last is what is there in the end.
fn converges_under_kills(here: &Namespace) {
    for number in 0..KILLS {
        let patch = format!(r#"{{"spec":{{"annotations":{{"example.com/number":"{number}"}}}}}}"#);
        here.kubectl(&["patch", "ms", "todo", "--type", "merge", "--patch", &patch]);
        // Somewhere in its work, and not always at the same place.
        pause(Duration::from_millis(u64::from(number) * 70));
        let operator = "app.kubernetes.io/name=protoloop-operator";
        here.kubectl(&[
            "delete",
            "pod",
            "--selector",
            operator,
            "--grace-period=0",
            "--force",
            "--wait=false",
        ]);
        if number % 3 == 0 {
            here.kubectl(&["delete", "service", "todo-headless", "--ignore-not-found"]);
        }
    }
    let last = (KILLS - 1).to_string();
    let converged = shell::wait("the last change", Duration::from_secs(120), || {
        let headless =
            here.try_kubectl(&["get", "service", "todo-headless", "--output", "name"])?;
        let path = r"jsonpath={.metadata.annotations.example\.com/number}";
        let number = here.try_kubectl(&["get", "deployment", "todo", "--output", path])?;
        match number == last {
            true => Ok(headless),
            false => Err(format!("{number} of {last}")),
        }
    });
    converged.unwrap_or_else(|failure| panic!("{failure}"));
    ready(here, "2m");
}

fn ready(here: &Namespace, patience: &str) {
    let patience = format!("--timeout={patience}");
    here.kubectl(&["wait", "--for=condition=Ready", "ms/todo", &patience]);
}

#[allow(
    clippy::disallowed_methods,
    reason = "the moment of a kill is meant to be any"
)]
fn pause(time: Duration) {
    thread::sleep(time);
}
