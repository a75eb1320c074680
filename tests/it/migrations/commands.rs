//! Plan, apply, verify; rows live through it.

use super::{FIRST, migrate, migrate_json, write};
use crate::support::{self, http, served::Served};

#[test]
fn a_renamed_field_keeps_its_values() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    let ran = migrate(folder.path(), &["verify"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    migrate(folder.path(), &["apply"]).succeeded();
    migrate(folder.path(), &["verify"]).succeeded();
    let proto = folder.path().join("shop.proto");
    let db = support::database_in(&folder);
    let server = Served::start(&proto, &db);
    let made = http::post(
        server.address(),
        "/v1/books?book_id=a",
        r#"{"title": "Emma", "pages": 7}"#,
    );
    assert_eq!(made.status, 200, "{made:?}");
    server.terminate();
    write(
        folder.path(),
        &FIRST.replace("string title = 2;", "string name = 2;"),
    );
    let plan = migrate_json(folder.path(), &["plan"]);
    assert_eq!(plan["steps"][0]["kind"], "rename-column");
    assert_eq!(plan["steps"][0]["phase"], "contract");
    assert_eq!(plan["steps"][0]["safety"], "safe");
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(1));
    // A plan does nothing.
    assert_eq!(migrate_json(folder.path(), &["plan"]), plan);
    // A start does it.
    let server = Served::start(&proto, &db);
    let found = http::get(server.address(), "/v1/books/a");
    assert_eq!(found.json()["name"], "Emma");
    server.terminate();
    let status = migrate_json(folder.path(), &["status"]);
    assert_eq!(status["journal"].as_array().map(Vec::len), Some(2));
    assert_eq!(status["drift"], serde_json::json!([]));
}

#[test]
fn what_loses_data_needs_a_word() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    migrate(folder.path(), &["apply"]).succeeded();
    write(
        folder.path(),
        &FIRST.replace("int32 pages = 3;", "string note = 4;"),
    );
    let plan = migrate_json(folder.path(), &["plan"]);
    assert_eq!(plan["withheld"][0]["kind"], "drop-column");
    let applied = migrate(folder.path(), &["apply"]).succeeded();
    assert!(
        applied.stdout.contains("needs --allow-destructive"),
        "{applied}"
    );
    // It is told until it is done.
    let ran = migrate(folder.path(), &["verify"]);
    assert!(
        ran.code == Some(2) && ran.stdout.contains("drop column books.pages"),
        "{ran}"
    );
    migrate(folder.path(), &["apply", "--allow-destructive"]).succeeded();
    migrate(folder.path(), &["verify"]).succeeded();
}

#[test]
fn a_start_may_refuse_or_wait() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    let refused = support::run::protoloop(
        folder.path(),
        &[
            "serve",
            "shop.proto",
            "--db",
            "sqlite:data.db",
            "--listen",
            "127.0.0.1:0",
            "--migrate=check",
        ],
    );
    assert_eq!(refused.code, Some(1), "{refused}");
    for part in ["create table books", "protoloop migrate apply"] {
        assert!(refused.stderr.contains(part), "{refused}");
    }
    let path = folder.path().to_owned();
    let other = std::thread::spawn(move || {
        support::pause(std::time::Duration::from_secs(2));
        migrate(&path, &["apply"]).succeeded();
    });
    let db = support::database_in(&folder);
    let server = Served::start_with(&folder.path().join("shop.proto"), &db, &["--migrate=wait"]);
    other.join().expect("applies");
    let list = http::get(server.address(), "/v1/books");
    assert_eq!(list.status, 200);
}

#[test]
fn a_difference_that_nothing_mends_is_told_with_its_place() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    migrate(folder.path(), &["apply"]).succeeded();
    write(
        folder.path(),
        &FIRST.replace("string title = 2;", "repeated string title = 2;"),
    );
    let ran = migrate(folder.path(), &["apply"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(
        ran.stderr
            .contains("table books: column title is string, the model needs list string"),
        "{ran}"
    );
    write(folder.path(), FIRST);
    migrate(folder.path(), &["verify"]).succeeded();
}

#[test]
fn wrong_arguments_are_told() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    for (arguments, part) in [
        (&["plan", "--rename", "x"][..], "write OLD=NEW"),
        (&["new", "../evil"], "is no name for a migration"),
        (&["apply", "--migrations", "shop.proto"], "shop.proto"),
    ] {
        let ran = migrate(folder.path(), arguments);
        assert_ne!(ran.code, Some(0), "{ran}");
        assert!(ran.stderr.contains(part), "{ran}");
    }
    let ran = support::run::protoloop(
        folder.path(),
        &["migrate", "plan", "shop.proto", "--db", "memory:"],
    );
    assert!(ran.stderr.contains("has no schema to migrate"), "{ran}");
}
