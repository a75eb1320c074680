//! The example on database servers.

use std::path::Path;

use protoloop_testing::databases::{self, Server};

use crate::support::{self, http, served::Served};

#[test]
fn the_example_is_served_from_postgres() {
    if let Some(server) = databases::postgres() {
        serves(server, &support::todo());
    }
}

#[test]
fn the_example_is_served_from_mariadb() {
    if let Some(server) = databases::mariadb() {
        serves(server, &support::todo());
    }
}

/// Rows outlive the process, and nothing that it prints shows the password.
fn serves(server: &Server, proto: &Path) {
    let url = server.database();
    let first = Served::start(proto, &url);
    let created = http::post(first.address(), "/v1/todos", r#"{"title": "milk"}"#);
    assert_eq!(created.status, 200, "{}", created.text());
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    let ended = first.terminate();
    assert!(ended.status.success());
    assert!(!ended.out.contains(databases::PASSWORD), "{}", ended.out);
    assert!(!ended.log.contains(databases::PASSWORD), "{}", ended.log);
    assert!(!ended.out.contains("s3cr"), "{}", ended.out);

    let second = Served::start(proto, &url);
    let address = second.address();
    let found = http::get(address, &format!("/v1/todos/{id}"));
    assert_eq!(found.json()["title"], "milk", "{}", found.text());
    let listed = http::get(
        address,
        "/v1/todos?filter=title=%22m*%22&order_by=title%20desc",
    );
    assert_eq!(listed.json()["todos"][0]["id"], id, "{}", listed.text());
    let count = http::get(address, "/v1/todos:count").json();
    assert_eq!(count["count"], "1");
    let ready = http::get(address, "/readyz");
    assert_eq!(ready.status, 200, "{}", ready.text());
}
