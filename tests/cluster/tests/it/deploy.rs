//! `protoloop deploy`: what it shows, what it does, and what it waits for.

use std::{fs, path::PathBuf, process::Output, time::Duration};

use protoloop_cluster::shell;
use serde_json::Value;

use crate::support::{
    built, deployer,
    images::{self, PROTOLOOP},
    namespace::Namespace,
    root,
};

const PROTO: &str = "todo.proto";

/// A folder with `examples/todo`, and the command in it.
struct Project<'a> {
    here: &'a Namespace,
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl<'a> Project<'a> {
    fn new(here: &'a Namespace) -> Option<Self> {
        let program = deployer()?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let proto = root().join("examples/todo").join(PROTO);
        fs::copy(proto, folder.path().join(PROTO)).expect("the folder is ours");
        Some(Self {
            here,
            program,
            folder,
        })
    }

    fn deploy(&self, words: &[&str]) -> Output {
        let mut command = self.here.cluster.command(&self.program);
        command
            .current_dir(self.folder.path())
            .env("PROTOLOOP_IMAGE", PROTOLOOP)
            .args(["deploy", "--namespace", self.here.name])
            .args(words);
        command.output().expect("it was just built")
    }

    /// What it says, when it ends with this code.
    #[track_caller]
    fn says(&self, code: i32, words: &[&str]) -> String {
        let output = self.deploy(words);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        said
    }

    /// The same service with one field more.
    fn gains_a_field(&self) {
        let path = self.folder.path().join(PROTO);
        let text = fs::read_to_string(&path).expect("it is there");
        let text = text.replace("bool done = 3;", "bool done = 3;\n  string note = 4;");
        fs::write(path, text).expect("the folder is ours");
    }

    fn answers(&self, todo: &str) -> String {
        let address = self.here.address("todo");
        self.here.post(&format!("http://{address}/v1/todos"), todo)
    }
}

#[test]
fn a_project_is_compared_applied_waited_for_and_pruned() {
    let Some(here) = Namespace::new("deployed") else {
        return;
    };
    let Some(project) = Project::new(&here) else {
        return;
    };
    images::load(here.cluster, PROTOLOOP);
    let service = [PROTO, "--name", "todo", "--db", "memory:"];
    let with = |more: &[&'static str]| [&service[..], more].concat();

    let said = project.says(0, &with(&["--dry-run"]));
    assert!(said.contains("Deployment todo would be created"), "{said}");
    assert_eq!(here.objects(), Vec::<String>::new(), "nothing is written");

    let said = project.says(0, &with(&["--apply", "--wait"]));
    assert!(said.contains("1 of 1 pods are ready"), "{said}");
    let created = project.answers(r#"{"title": "buy milk"}"#);
    assert!(created.contains("buy milk"), "{created}");
    let said = project.says(0, &with(&["--diff", "--prune"]));
    assert!(!said.contains("would be"), "{said}");

    project.gains_a_field();
    let before = schemas(&here);
    let said = project.says(2, &with(&["--diff", "--prune"]));
    for line in [
        "Deployment todo would be changed",
        "spec.template",
        "would be deleted",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert_eq!(schemas(&here), before, "nothing is written");
    let said = project.says(0, &with(&["--apply", "--prune"]));
    let [old] = &before[..] else {
        panic!("{before:?}")
    };
    assert!(said.contains(&format!("ConfigMap {old} deleted")), "{said}");
    assert!(!schemas(&here).contains(old));
    // Behind a rollout the pod of before drains for a while, and still answers what it knows.
    let todos = format!("http://{}/v1/todos", here.address("todo"));
    let note = || here.try_post(&todos, r#"{"note": "oat"}"#);
    let noted = shell::wait("the new field", Duration::from_secs(30), note);
    assert!(noted.is_ok_and(|noted| noted.contains("oat")));

    // What never gets ready is told with the pod's own words, and what served goes on.
    let said = project.says(
        1,
        &with(&[
            "--apply",
            "--wait",
            "--timeout=8",
            "--image=localhost/none:1",
        ]),
    );
    assert!(said.contains("ImagePull"), "{said}");
    let still = project.answers(r#"{"title": "still"}"#);
    assert!(still.contains("still"), "{still}");
}

fn schemas(here: &Namespace) -> Vec<String> {
    let maps = here.kubectl(&["get", "configmaps", "--output", "name"]);
    let names = maps
        .lines()
        .filter_map(|name| name.strip_prefix("configmap/"));
    let ours = names.filter(|name| name.starts_with("todo-schema-"));
    ours.map(str::to_owned).collect()
}

/// In a namespace where an operator works: the resource itself, with a descriptor set, and the pods that the operator makes of it.
pub(crate) fn a_resource(here: &Namespace) {
    let Some(project) = Project::new(here) else {
        return;
    };
    let set = project.folder.path().join("todo.binpb");
    let mut generate = std::process::Command::new(built("protoloop"));
    generate
        .args(["generate", "descriptor", PROTO, "-o"])
        .arg(&set)
        .current_dir(project.folder.path());
    shell::output(&mut generate).unwrap_or_else(|failure| panic!("{failure}"));
    let service = [
        "todo.binpb",
        "--name",
        "described",
        "--db",
        "memory:",
        "--resource",
    ];
    let with = |more: &[&'static str]| [&service[..], more].concat();
    let said = project.says(0, &with(&["--dry-run"]));
    assert!(
        said.contains("Microservice described would be created"),
        "{said}"
    );
    let said = project.says(0, &with(&["--apply", "--wait"]));
    assert!(said.contains("1 of 1 pods are ready"), "{said}");
    let kept: Value = here.get("ms/described");
    assert_eq!(
        kept["spec"]["schema"]["descriptorSet"]["name"],
        "described-descriptors"
    );
    let said = project.says(0, &with(&["--diff"]));
    assert!(!said.contains("would be"), "{said}");
    here.kubectl(&["delete", "ms", "described", "--wait"]);
    here.kubectl(&["delete", "configmap", "described-descriptors"]);
}
