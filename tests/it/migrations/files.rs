//! Versioned files.

use std::fs;

use super::{FIRST, migrate, migrate_json, write};
use crate::support;

#[test]
fn files_are_written_applied_and_guarded() {
    let folder = support::folder();
    let migrations = folder.path().join("migrations");
    write(folder.path(), FIRST);
    migrate(folder.path(), &["new", "first"]).succeeded();
    let ran = migrate(folder.path(), &["new", "again"]);
    assert!(ran.stderr.contains("0001_first was not applied"), "{ran}");
    let applied = migrate_json(folder.path(), &["apply"]);
    assert_eq!(applied["applied"], serde_json::json!(["0001_first"]));
    // With a step by hand, and two phases in two files.
    write(
        folder.path(),
        &FIRST
            .replace("string title = 2;", "string name = 2;")
            .replace("int32 pages = 3;", "int32 pages = 3; bool sold = 4;"),
    );
    migrate(folder.path(), &["new", "sold"]).succeeded();
    assert!(migrations.join("0002_sold.sql").exists());
    let path = migrations.join("0003_by_hand.sql");
    fs::write(
        &path,
        "INSERT INTO books (id, name) VALUES ('x', 'by hand');\n",
    )
    .expect("writes");
    let waits = migrate_json(folder.path(), &["status"]);
    assert_eq!(waits["files"][0]["state"], "done");
    assert_eq!(waits["files"][1]["state"], serde_json::Value::Null);
    let applied = migrate_json(folder.path(), &["apply"]);
    assert_eq!(
        applied["applied"],
        serde_json::json!(["0002_sold", "0003_by_hand"])
    );
    assert_eq!(applied["missing"], 0);
    migrate(folder.path(), &["verify"]).succeeded();
    // A file that was applied stays as it is.
    fs::write(
        &path,
        "INSERT INTO books (id, name) VALUES ('y', 'changed');\n",
    )
    .expect("writes");
    for command in ["apply", "verify"] {
        let ran = migrate(folder.path(), &[command]);
        assert_ne!(ran.code, Some(0), "{ran}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            all.contains("0003_by_hand was changed behind its application"),
            "{ran}"
        );
    }
    fs::remove_file(&path).expect("removes");
    let ran = migrate(folder.path(), &["apply"]);
    assert!(
        ran.stderr
            .contains("0003_by_hand was applied and is not in migrations"),
        "{ran}"
    );
    fs::write(
        &path,
        "INSERT INTO books (id, name) VALUES ('x', 'by hand');\r\n",
    )
    .expect("writes");
    migrate(folder.path(), &["verify"]).succeeded();
    // Without the folder nothing is applied behind its back.
    let ran = migrate(folder.path(), &["apply", "--migrations", "elsewhere"]);
    assert!(
        ran.stderr.contains("say where they are with --migrations"),
        "{ran}"
    );
}

#[test]
fn what_expands_stands_apart_from_what_contracts() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    migrate(folder.path(), &["apply"]).succeeded();
    write(
        folder.path(),
        &FIRST.replace("int32 pages = 3;", "string note = 4;"),
    );
    migrate(folder.path(), &["new", "notes", "--allow-destructive"]).succeeded();
    let applied = migrate_json(folder.path(), &["apply", "--phase", "expand"]);
    assert_eq!(applied["applied"], serde_json::json!(["0001_notes"]));
    assert_eq!(applied["withheld"][0]["kind"], "drop-column");
    let applied = migrate_json(folder.path(), &["apply"]);
    assert_eq!(
        applied["applied"],
        serde_json::json!(["0002_notes_contract"])
    );
    migrate(folder.path(), &["verify"]).succeeded();
}

#[test]
fn a_file_that_fails_leaves_nothing_behind() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    migrate(folder.path(), &["new", "first"]).succeeded();
    let path = folder.path().join("migrations/0002_wrong.sql");
    fs::write(
        &path,
        "CREATE TABLE half (a INTEGER);\nINSERT INTO nowhere VALUES (1);\n",
    )
    .expect("writes");
    let ran = migrate(folder.path(), &["apply"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("0002_wrong: step 1 of 1"), "{ran}");
    assert!(ran.stderr.contains("no such table: nowhere"), "{ran}");
    let status = migrate_json(folder.path(), &["status"]);
    assert_eq!(status["files"][0]["state"], "done");
    assert_eq!(status["files"][1]["state"], serde_json::Value::Null);
    fs::write(&path, "CREATE TABLE half (a INTEGER);\n").expect("writes");
    migrate(folder.path(), &["apply"]).succeeded();
}

#[test]
fn wrong_files_are_told() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    fs::create_dir(folder.path().join("migrations")).expect("makes");
    for (name, text, part) in [
        ("notes.sql", "", "a migration is called NUMBER_NAME.sql"),
        (
            "0001_a.sql",
            "-- protoloop:step {\"kind\":\"fly\"}",
            "line 1: unknown variant",
        ),
        (
            "0001_a.sql",
            "-- protoloop:dialect postgres",
            "is for postgres and not for sqlite",
        ),
    ] {
        let path = folder.path().join("migrations").join(name);
        fs::write(&path, text).expect("writes");
        let ran = migrate(folder.path(), &["apply"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(part), "{ran}");
        fs::remove_file(path).expect("removes");
    }
}
