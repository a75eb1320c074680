//! Reads that go to a copy. Two servers with rows of their own stand in for a server and its copy, so that one sees which
//! was asked.

use protoloop_testing::databases::{self, Server};
use serde_json::json;

use super::name_of;
use crate::support::{self, http, served::Served};

fn titles(app: &Served) -> Vec<String> {
    let listed = http::get(app.address(), "/v1/todos");
    assert_eq!(listed.status, 200, "{}", listed.text());
    let listed = listed.json();
    let todos = listed["todos"].as_array().into_iter().flatten();
    todos
        .filter_map(|todo| todo["title"].as_str().map(str::to_owned))
        .collect()
}

/// Stores a row by a service of its own; answers the row's id.
fn stored(url: &str, title: &str) -> String {
    let app = Served::start(&support::todo(), url);
    let body = json!({ "title": title }).to_string();
    let made = http::post(app.address(), "/v1/todos", &body);
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(app.terminate().status.success());
    made.json()["id"].as_str().expect("an id").to_owned()
}

fn reads_go_to_the_replica(primary: &Server, replica: &Server) {
    let url = primary.database();
    let database = name_of(&url);
    replica.administer(&format!("CREATE DATABASE {database}"));
    let here = stored(&url, "primary");
    let there = stored(&replica.url(database), "replica");

    let with = format!("{url}?replica=127.0.0.1:{}", replica.port());
    let app = Served::start(&support::todo(), &with);
    let address = app.address();
    assert_eq!(titles(&app), ["replica"]);
    assert_eq!(
        http::get(address, &format!("/v1/todos/{there}")).status,
        200
    );
    assert_eq!(http::get(address, &format!("/v1/todos/{here}")).status, 404);
    let count = http::get(address, "/v1/todos:count").json();
    assert_eq!(count["count"], "1");

    // Writes go to the primary, and what they read of the row with them.
    let headers = [("content-type", "application/json")];
    let patch = |id: &str| {
        let target = format!("/v1/todos/{id}");
        http::send(address, "PATCH", &target, &headers, br#"{"done": true}"#)
    };
    let patched = patch(&here);
    assert_eq!(patched.json()["title"], "primary", "{}", patched.text());
    assert_eq!(patch(&there).status, 404);
    let made = http::post(address, "/v1/todos", r#"{"title": "new"}"#);
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(titles(&app), ["replica"]);
    let count = "SELECT count(*) FROM todos";
    assert_eq!(primary.query(database, count), "2");
    assert_eq!(replica.query(database, count), "1");

    // A transaction reads where it writes.
    let write = |id: &str| {
        let update = json!({
            "@type": "type.googleapis.com/todo.v1.UpdateTodoRequest",
            "todo": { "id": id, "title": "changed" },
            "updateMask": "title",
        });
        let body = json!({ "writes": [{ "update": update }] }).to_string();
        http::post(address, "/v1:batchWrite", &body)
    };
    let changed = write(&here);
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["results"][0]["done"], true);
    assert_eq!(write(&there).status, 404);

    // Without the copy there are no reads, and writes go on.
    replica.kill();
    let read = http::get(address, "/v1/todos");
    assert_eq!(read.status, 503, "{}", read.text());
    let made = http::post(address, "/v1/todos", r#"{"title": "newer"}"#);
    assert_eq!(made.status, 200, "{}", made.text());
}

#[test]
fn a_copy_of_postgres_is_read() {
    if let (Some(primary), Some(replica)) = (databases::postgres(), databases::own_postgres()) {
        reads_go_to_the_replica(primary, &replica);
    }
}

#[test]
fn a_copy_of_mariadb_is_read() {
    if let (Some(primary), Some(replica)) = (databases::mariadb(), databases::own_mariadb()) {
        reads_go_to_the_replica(primary, &replica);
    }
}
