//! Versioned files.

use std::fs;

use super::{FIRST, Place, places};

#[test]
fn files_are_written_applied_and_guarded() {
    places().iter().for_each(guarded);
}

fn guarded(place: &Place) {
    let migrations = place.path().join("migrations");
    place.write(FIRST);
    place.migrate(&["new", "first"]).succeeded();
    let ran = place.migrate(&["new", "again"]);
    assert!(ran.stderr.contains("0001_first was not applied"), "{ran}");
    let applied = place.migrate_json(&["apply"]);
    assert_eq!(applied["applied"], serde_json::json!(["0001_first"]));
    // With a step by hand, and two phases in two files.
    place.write(
        &FIRST
            .replace("string title = 2;", "string name = 2;")
            .replace("int32 pages = 3;", "int32 pages = 3; bool sold = 4;"),
    );
    place.migrate(&["new", "sold"]).succeeded();
    assert!(migrations.join("0002_sold.sql").exists());
    let path = migrations.join("0003_by_hand.sql");
    fs::write(
        &path,
        "INSERT INTO books (id, name) VALUES ('x', 'by hand');\n",
    )
    .expect("writes");
    let waits = place.migrate_json(&["status"]);
    assert_eq!(waits["files"][0]["state"], "done");
    assert_eq!(waits["files"][1]["state"], serde_json::Value::Null);
    let applied = place.migrate_json(&["apply"]);
    assert_eq!(
        applied["applied"],
        serde_json::json!(["0002_sold", "0003_by_hand"])
    );
    assert_eq!(applied["missing"], 0);
    place.migrate(&["verify"]).succeeded();
    // A file that was applied stays as it is.
    fs::write(
        &path,
        "INSERT INTO books (id, name) VALUES ('y', 'changed');\n",
    )
    .expect("writes");
    for command in ["apply", "verify"] {
        let ran = place.migrate(&[command]);
        assert_ne!(ran.code, Some(0), "{ran}");
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            all.contains("0003_by_hand was changed behind its application"),
            "{ran}"
        );
    }
    fs::remove_file(&path).expect("removes");
    let ran = place.migrate(&["apply"]);
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
    place.migrate(&["verify"]).succeeded();
    // Without the folder nothing is applied behind its back.
    let ran = place.migrate(&["apply", "--migrations", "elsewhere"]);
    assert!(
        ran.stderr.contains("say where they are with --migrations"),
        "{ran}"
    );
}

#[test]
fn what_expands_stands_apart_from_what_contracts() {
    places().iter().for_each(phases);
}

fn phases(place: &Place) {
    place.write(FIRST);
    place.migrate(&["apply"]).succeeded();
    place.write(&FIRST.replace("int32 pages = 3;", "string note = 4;"));
    place
        .migrate(&["new", "notes", "--allow-destructive"])
        .succeeded();
    let applied = place.migrate_json(&["apply", "--phase", "expand"]);
    assert_eq!(applied["applied"], serde_json::json!(["0001_notes"]));
    assert_eq!(applied["withheld"][0]["kind"], "drop-column");
    let applied = place.migrate_json(&["apply"]);
    assert_eq!(
        applied["applied"],
        serde_json::json!(["0002_notes_contract"])
    );
    place.migrate(&["verify"]).succeeded();
}

#[test]
fn a_file_that_fails_leaves_nothing_behind() {
    places().iter().for_each(fails);
}

fn fails(place: &Place) {
    place.write(FIRST);
    place.migrate(&["new", "first"]).succeeded();
    let path = place.path().join("migrations/0002_wrong.sql");
    fs::write(
        &path,
        "CREATE TABLE half (a INTEGER);\nINSERT INTO nowhere VALUES (1);\n",
    )
    .expect("writes");
    let ran = place.migrate(&["apply"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.contains("0002_wrong: step 1 of 1"), "{ran}");
    assert!(ran.stderr.contains("nowhere"), "{ran}");
    let status = place.migrate_json(&["status"]);
    assert_eq!(status["files"][0]["state"], "done");
    // MariaDB keeps the table of the statement that went well. Nothing is noted of the step, and the file may be mended.
    let (left, make) = match place.kind() {
        "mariadb" => ("running".into(), "CREATE TABLE IF NOT EXISTS"),
        _ => (serde_json::Value::Null, "CREATE TABLE"),
    };
    assert_eq!(status["files"][1]["state"], left);
    fs::write(&path, format!("{make} half (a INTEGER);\n")).expect("writes");
    place.migrate(&["apply"]).succeeded();
    place.migrate(&["verify"]).succeeded();
}

#[test]
fn wrong_files_are_told() {
    places().iter().for_each(wrong);
}

fn wrong(place: &Place) {
    place.write(FIRST);
    fs::create_dir(place.path().join("migrations")).expect("makes");
    for (name, text, part) in [
        ("notes.sql", "", "a migration is called NUMBER_NAME.sql"),
        (
            "0001_a.sql",
            "-- protoloop:step {\"kind\":\"fly\"}",
            "line 1: unknown variant",
        ),
        (
            "0001_a.sql",
            "-- protoloop:dialect oracle",
            "is for oracle and not for",
        ),
    ] {
        let path = place.path().join("migrations").join(name);
        fs::write(&path, text).expect("writes");
        let ran = place.migrate(&["apply"]);
        assert_eq!(ran.code, Some(1), "{ran}");
        assert!(ran.stderr.contains(part), "{ran}");
        fs::remove_file(path).expect("removes");
    }
}
