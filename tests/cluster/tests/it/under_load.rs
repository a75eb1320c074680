//! A service that is upgraded, scaled and loses pods while a foreign client calls it without a pause.

use std::{fs, path::Path, time::Duration};

use protoloop_cluster::shell;

use crate::support::{
    calls::{Calls, Load},
    find,
    helm::{chart, schema_file},
    images::{self, PROTOLOOP},
    namespace::Namespace,
    postgres::Postgres,
    root,
};

/// Channels of the client, and calls in a second over all of them.
const CHANNELS: &str = "8";
const RATE: &str = "100";

const VALUES: &str = "
runtime: {image: localhost/protoloop:test, pullPolicy: Never}
datasource:
  secret: {name: load-db, key: url}
rollout: {minReadySeconds: 1}
termination: {drainSeconds: 3, graceSeconds: 20, maxConnectionAgeSeconds: 5}
resources: {requests: {cpu: 20m, memory: 32Mi}}
tests: {enabled: false}
";

struct Service {
    here: Namespace,
    _database: Postgres,
    folder: tempfile::TempDir,
}

impl Service {
    fn install(name: &'static str, port: u16) -> Option<Self> {
        let here = Namespace::new(name)?;
        find("PROTOLOOP_TEST_HELM")?;
        let database = Postgres::start(&here, port)?;
        images::load(here.cluster, PROTOLOOP);
        let url = format!("--from-literal=url={}", database.url());
        here.kubectl(&["create", "secret", "generic", "load-db", &url]);
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::write(folder.path().join("values.yaml"), VALUES).expect("the folder is ours");
        let service = Self {
            here,
            _database: database,
            folder,
        };
        let proto = root().join("examples/todo/todo.proto");
        service.release("install", &proto, &["--set", "replicas=2"]);
        Some(service)
    }

    fn release(&self, how: &str, proto: &Path, more: &[&str]) {
        let values = self.folder.path().join("values.yaml");
        let values = values.to_str().expect("a UTF-8 path");
        let (chart, schema) = (chart("protoloop"), schema_file("todo.proto", proto));
        let mut arguments = vec![how, "todo", &chart, "--wait", "--timeout", "4m"];
        arguments.extend(["--values", values, "--set-file", &schema]);
        arguments.extend(more);
        self.here.helm(&arguments);
    }

    fn load(&self, more: &[&str]) -> Option<Load> {
        let address = format!("{}:9090", self.here.address("todo"));
        let mut arguments = vec![&*address, CHANNELS, RATE];
        arguments.extend(more);
        Load::start(&self.here, &arguments)
    }

    fn scale(&self, replicas: u32) {
        self.here.kubectl(&[
            "scale",
            "deployment/todo",
            &format!("--replicas={replicas}"),
        ]);
        self.here
            .kubectl(&["rollout", "status", "deployment/todo", "--timeout=2m"]);
        // Pods that were there before have to be gone, not only replaced.
        let alone = || {
            let pods = self.here.kubectl(&[
                "get",
                "pods",
                "--output",
                "name",
                "--selector=app.kubernetes.io/name=todo",
            ]);
            match pods.lines().count() == replicas as usize {
                true => Ok(()),
                false => Err(pods),
            }
        };
        shell::wait("pods", Duration::from_secs(60), alone)
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[track_caller]
fn none_failed(calls: &Calls) {
    assert_eq!(calls.failed, 0, "{calls}");
    assert!(calls.answered > 100, "{calls}");
}

#[test]
fn an_upgrade_with_a_migration_and_scaling_fail_no_call() {
    let Some(service) = Service::install("load", 5502) else {
        return;
    };
    let Some(load) = service.load(&[]) else {
        return;
    };

    // A new field: its column is added by a Job, new pods wait for that, old ones serve on.
    let changed = service.folder.path().join("todo.proto");
    let text = fs::read_to_string(root().join("examples/todo/todo.proto")).expect("it is there");
    fs::write(
        &changed,
        text.replace("bool done = 3;", "bool done = 3;\n  string note = 4;"),
    )
    .expect("the folder is ours");
    service.release("upgrade", &changed, &["--set", "replicas=2"]);
    none_failed(&load.finish());

    let Some(load) = service.load(&[]) else {
        return;
    };
    for replicas in [1, 3, 1] {
        service.scale(replicas);
    }
    none_failed(&load.finish());
}

#[test]
fn what_a_killed_pod_costs_is_bounded_and_mended_by_a_retry() {
    let Some(service) = Service::install("kills", 5503) else {
        return;
    };
    service.scale(3);
    for (retry, most) in [(false, 60), (true, 0)] {
        let load = service.load(if retry { &["retry"] } else { &[] });
        let Some(load) = load else { return };
        let pods = service.here.kubectl(&[
            "get",
            "pods",
            "--output",
            "name",
            "--selector=app.kubernetes.io/name=todo",
        ]);
        let pod = pods.lines().next().expect("there are three");
        service
            .here
            .kubectl(&["delete", pod, "--grace-period=0", "--force"]);
        service
            .here
            .kubectl(&["rollout", "status", "deployment/todo", "--timeout=2m"]);
        let calls = load.finish();
        assert!(calls.failed <= most, "retry {retry}: {calls}");
    }
}
