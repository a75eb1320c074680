//! A service that is upgraded, scaled, and whose schema changes, under load, while the operator is killed about once a second:
//! what it lets through, what it stops, and that no caller notices.

use std::{fs, time::Duration};

use protoloop_cluster::shell;
use serde_json::Value;

use crate::support::{calls::Load, mortal::Mortal, namespace::Namespace, postgres::Postgres};

/// How often the operator is killed at least.
const KILLS: u32 = 50;

const SERVICE: &str = r#"
apiVersion: protoloop.dev/v1alpha1
kind: Microservice
metadata: {name: kept}
spec:
  replicas: 2
  datasource: {secret: {name: kept-db, key: url}}
  rollout: {minReadySeconds: 1}
  termination: {drainSeconds: 3, graceSeconds: 20, maxConnectionAgeSeconds: 5}
  schema:
    allowBreaking: AGREED
    files:
      todo.proto: |
        syntax = "proto3";
        package todo.v1;
        import "protoloop/v1/annotations.proto";
        message Todo {
          option (protoloop.v1.model) = { expose: CRUD };
          string id = 1 [(protoloop.v1.field) = { id: UUID_V7 }];
          FIELDS
        }
"#;

const FIRST: &str = "string title = 2; bool done = 3;";
const WITH_NOTE: &str = "string title = 2; bool done = 3; string note = 4;";
const WITHOUT_DONE: &str = "string title = 2; string note = 4;";
const MISSPELT: &str = "string title = 2; bool done = 3; sting note = 4;";
/// Two rows have one title.
const UNIQUE: &str =
    "string title = 2 [(protoloop.v1.field) = { unique: true }]; bool done = 3; string note = 4;";

/// Runs a service of its own through good and bad schemas, in a namespace where an operator works. Nothing where there is
/// no PostgreSQL or no Python.
pub(crate) fn are_kept_from_callers(here: &Namespace) {
    let Some(database) = Postgres::start(here, 5505) else {
        return;
    };
    let url = format!("--from-literal=url={}", database.url());
    here.kubectl(&["create", "secret", "generic", "kept-db", &url]);
    let service = Kept {
        here,
        folder: tempfile::tempdir().expect("a temporary folder"),
    };
    let mortal = Mortal::instead_of(here, "operator");
    service.asks_for(FIRST);
    service.serves(FIRST);
    let first = service.schema()["serving"].clone();
    for title in ["twice", "twice"] {
        service.create(&format!(r#"{{"title": "{title}"}}"#));
    }
    let address = format!("{}:9090", here.address("kept"));
    let Some(load) = Load::start(here, &[&address, "8", "60"]) else {
        return;
    };

    service.is_upgraded_and_scaled();

    // A new field: its column first, then the pods.
    service.asks_for(WITH_NOTE);
    service.serves(WITH_NOTE);
    let noted = service.create(r#"{"title": "noted", "note": "by its column"}"#);
    assert!(noted.contains("by its column"), "{noted}");
    let plan = service.schema()["plan"].to_string();
    assert!(plan.contains("done:") && plan.contains("note"), "{plan}");
    let good = service.schema()["serving"].clone();

    for (bad, condition, reason, names) in [
        (MISSPELT, "SchemaValid", "CompileErrors", "todo.proto:"),
        (WITHOUT_DONE, "SchemaCompatible", "BreakingChanges", "done"),
        (UNIQUE, "Migrated", "MigrationFailed", "title"),
    ] {
        service.asks_for(bad);
        let said = service.says(condition, reason);
        assert!(said.contains(names), "{reason}: {said}");
        let still = service.create(r#"{"title": "still", "note": "here"}"#);
        assert!(still.contains("here"), "{reason}: {still}");
    }

    // Back to what was good.
    service.asks_for(WITH_NOTE);
    service.serves(WITH_NOTE);
    assert_eq!(service.schema()["serving"], good);
    service.goes_back_and_forth(&first, &good);
    service.loses_its_status();
    let calls = load.finish();
    assert_eq!(calls.failed, 0, "{calls}");
    assert!(calls.answered > 500, "{calls}");
    let kills = mortal.rest(here, "operator");
    assert!(kills >= KILLS, "{kills} kills");
    here.kubectl(&["delete", "ms", "kept", "--wait"]);
    here.kubectl(&["delete", "secret", "kept-db"]);
}

struct Kept<'a> {
    here: &'a Namespace,
    folder: tempfile::TempDir,
}

impl Kept<'_> {
    /// Other pods, and more and fewer of them.
    fn is_upgraded_and_scaled(&self) {
        self.patch(r#"{"spec":{"annotations":{"example.com/turn":"2"}}}"#);
        self.serves("an upgrade");
        for replicas in ["3", "1", "2"] {
            let wanted = format!("--replicas={replicas}");
            self.here.kubectl(&["scale", "ms/kept", &wanted]);
            self.serves("scaling");
            let ready = &self.here.get("ms/kept")["status"]["ready"];
            assert_eq!(*ready, format!("{replicas}/{replicas}"));
        }
    }

    /// Back to the first schema by its name, and to the later one again.
    fn goes_back_and_forth(&self, first: &Value, good: &Value) {
        for digest in [first, good] {
            self.patch(&format!(
                r#"{{"spec":{{"schema":{{"rollbackTo":{digest}}}}}}}"#
            ));
            self.serves("an earlier revision");
            assert_eq!(self.schema()["serving"], *digest);
        }
    }

    /// What the operator remembers is gone; what runs goes on.
    fn loses_its_status(&self) {
        let generation = || self.here.get("deployment/kept")["metadata"]["generation"].clone();
        let (before, known) = (generation(), self.schema());
        self.here.kubectl(&[
            "patch",
            "ms",
            "kept",
            "--subresource=status",
            "--type=merge",
            r#"--patch={"status":{"schema":null,"image":null,"template":null,"conditions":[]}}"#,
        ]);
        self.serves("what it served before");
        assert_eq!(generation(), before, "no pod is replaced");
        let names = |schema: &Value| {
            let revisions = schema["revisions"].as_array().into_iter().flatten();
            let mut names: Vec<_> = revisions.map(|one| one["name"].to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(
            names(&self.schema()),
            names(&known),
            "every way back is still there"
        );
    }

    fn patch(&self, patch: &str) {
        self.here
            .kubectl(&["patch", "ms", "kept", "--type=merge", "--patch", patch]);
    }

    fn asks_for(&self, fields: &str) {
        let file = self.folder.path().join("kept.yaml");
        // To what rows must not hold any more somebody has to agree.
        let agreed = (fields == UNIQUE).to_string();
        let text = SERVICE.replace("FIELDS", fields).replace("AGREED", &agreed);
        fs::write(&file, text).expect("the folder is ours");
        let file = file.to_str().expect("a UTF-8 path");
        self.here.kubectl(&["apply", "--filename", file]);
    }

    /// Waits until what was asked for last is what all pods serve and the database has been brought to.
    fn serves(&self, what: &str) {
        let done = shell::wait(what, Duration::from_secs(150), || {
            let service = self.here.get("ms/kept");
            let status = &service["status"];
            let seen = status["observedGeneration"] == service["metadata"]["generation"];
            let schema = &status["schema"];
            let served = schema["serving"].is_string() && schema["serving"] == schema["wanted"];
            let ready = condition(&service, "Ready").0 == "True";
            // Behind the Job that contracts, and so behind the last pod of before.
            let migrated = condition(&service, "Migrated").1 == "Migrated";
            match seen && served && ready && migrated {
                true => Ok(()),
                false => Err(status.to_string()),
            }
        });
        done.unwrap_or_else(|failure| panic!("{failure}"));
    }

    /// Waits until a condition is false for this reason, and answers what it says.
    fn says(&self, kind: &str, reason: &str) -> String {
        let said = shell::wait(reason, Duration::from_secs(150), || {
            let service = self.here.get("ms/kept");
            let (status, why, message) = condition(&service, kind);
            match status == "False" && why == reason {
                true => Ok(message),
                false => Err(service["status"].to_string()),
            }
        });
        said.unwrap_or_else(|failure| panic!("{failure}"))
    }

    fn schema(&self) -> Value {
        self.here.get("ms/kept")["status"]["schema"].clone()
    }

    fn create(&self, todo: &str) -> String {
        let todos = format!("http://{}/v1/todos", self.here.address("kept"));
        self.here.post(&todos, todo)
    }
}

/// Status, reason and message of a condition.
fn condition(service: &Value, kind: &str) -> (String, String, String) {
    let conditions = service["status"]["conditions"].as_array();
    let found = conditions.and_then(|all| all.iter().find(|one| one["type"] == kind));
    let text = |name: &str| {
        let value = found.and_then(|one| one[name].as_str());
        value.unwrap_or_default().to_owned()
    };
    (text("status"), text("reason"), text("message"))
}
