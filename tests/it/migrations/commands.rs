//! Plan, apply, verify; rows live through it.

use std::fs;

use super::{FIRST, Place, places};
use crate::support::{self, http, served::Served};

#[test]
fn a_renamed_field_keeps_its_values() {
    places().iter().for_each(renamed_field);
}

fn renamed_field(place: &Place) {
    place.write(FIRST);
    let ran = place.migrate(&["verify"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    place.migrate(&["apply"]).succeeded();
    place.migrate(&["verify"]).succeeded();
    let proto = place.path().join("shop.proto");
    let server = Served::start(&proto, &place.db);
    let made = http::post(
        server.address(),
        "/v1/books?book_id=a",
        r#"{"title": "Emma", "pages": 7}"#,
    );
    assert_eq!(made.status, 200, "{made:?}");
    server.terminate();
    place.write(&FIRST.replace("string title = 2;", "string name = 2;"));
    let plan = place.migrate_json(&["plan"]);
    assert_eq!(plan["steps"][0]["kind"], "rename-column");
    assert_eq!(plan["steps"][0]["phase"], "contract");
    assert_eq!(plan["steps"][0]["safety"], "safe");
    assert_eq!(plan["steps"].as_array().map(Vec::len), Some(1));
    // A plan does nothing.
    assert_eq!(place.migrate_json(&["plan"]), plan);
    // A start does it, on a server only when it is told to.
    if place.is_server {
        let refused = place.serve(&[]);
        assert_eq!(refused.code, Some(1), "{refused}");
        for part in [
            "rename column books.title to name",
            "protoloop migrate apply",
            "serve --migrate",
        ] {
            assert!(refused.stderr.contains(part), "{refused}");
        }
    }
    let server = Served::start_with(&proto, &place.db, &["--migrate"]);
    let found = http::get(server.address(), "/v1/books/a");
    assert_eq!(found.json()["name"], "Emma");
    server.terminate();
    let status = place.migrate_json(&["status"]);
    assert_eq!(status["journal"].as_array().map(Vec::len), Some(2));
    assert_eq!(status["drift"], serde_json::json!([]));
}

#[test]
fn what_loses_data_needs_a_word() {
    places().iter().for_each(destructive);
}

fn destructive(place: &Place) {
    place.write(FIRST);
    place.migrate(&["apply"]).succeeded();
    place.write(&FIRST.replace("int32 pages = 3;", "string note = 4;"));
    let plan = place.migrate_json(&["plan"]);
    assert_eq!(plan["withheld"][0]["kind"], "drop-column");
    let applied = place.migrate(&["apply"]).succeeded();
    assert!(
        applied.stdout.contains("needs --allow-destructive"),
        "{applied}"
    );
    // It is told until it is done, and keeps nobody from starting.
    let ran = place.migrate(&["verify"]);
    assert!(
        ran.code == Some(2) && ran.stdout.contains("drop column books.pages"),
        "{ran}"
    );
    Served::start(&place.path().join("shop.proto"), &place.db).terminate();
    place.migrate(&["apply", "--allow-destructive"]).succeeded();
    place.migrate(&["verify"]).succeeded();
}

#[test]
fn a_start_may_refuse_or_wait() {
    places().iter().for_each(start);
}

fn start(place: &Place) {
    place.write(FIRST);
    let refused = place.serve(&["--migrate=check"]);
    assert_eq!(refused.code, Some(1), "{refused}");
    for part in ["create table books", "protoloop migrate apply"] {
        assert!(refused.stderr.contains(part), "{refused}");
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            support::pause(std::time::Duration::from_secs(2));
            place.migrate(&["apply"]).succeeded();
        });
        let proto = place.path().join("shop.proto");
        let server = Served::start_with(&proto, &place.db, &["--migrate=wait"]);
        let list = http::get(server.address(), "/v1/books");
        assert_eq!(list.status, 200);
    });
}

#[test]
fn a_difference_that_nothing_mends_is_told_with_its_place() {
    places().iter().for_each(problem);
}

fn problem(place: &Place) {
    place.write(FIRST);
    place.migrate(&["apply"]).succeeded();
    place.write(&FIRST.replace("string title = 2;", "repeated string title = 2;"));
    let ran = place.migrate(&["apply"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(
        ran.stderr
            .contains("table books: column title is string, the model needs list string"),
        "{ran}"
    );
    place.write(FIRST);
    place.migrate(&["verify"]).succeeded();
}

#[test]
fn wrong_arguments_are_told() {
    for place in places() {
        place.write(FIRST);
        for (arguments, part) in [
            (&["plan", "--rename", "x"][..], "write OLD=NEW"),
            (&["plan", "--rename", "x=y"], "no model is called y"),
            (&["new", "../evil"], "is no name for a migration"),
            (&["apply", "--migrations", "shop.proto"], "shop.proto"),
        ] {
            let ran = place.migrate(arguments);
            assert_ne!(ran.code, Some(0), "{ran}");
            assert!(ran.stderr.contains(part), "{ran}");
        }
        let ran = support::run::protoloop(
            place.path(),
            &["migrate", "plan", "shop.proto", "--db", "memory:"],
        );
        assert!(ran.stderr.contains("has no schema to migrate"), "{ran}");
    }
}

/// Each step is a line, and one that takes long says now and then that it is still under way.
#[test]
fn how_far_it_is_is_told() {
    for place in places() {
        let slow = match place.kind() {
            "postgres" => "SELECT pg_sleep(5.5);",
            "mariadb" | "mysql" => "DO SLEEP(5.5);",
            _ => continue,
        };
        place.write(FIRST);
        place.migrate(&["new", "tables"]).succeeded();
        let slow_file = place.path().join("migrations/0002_slow.sql");
        fs::write(slow_file, slow).expect("the folder is ours");
        let ran = place.migrate(&["apply"]).succeeded();
        for line in [
            "0001_tables: 1 step\n  1/1 create table books",
            "0002_slow: 1 step\n  1/1 ",
            "\n  still at 1/1 ",
            "\n  1 took 5.",
        ] {
            assert!(ran.stderr.contains(line), "{line}: {ran}");
        }
    }
}
