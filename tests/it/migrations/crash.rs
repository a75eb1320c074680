//! `kill -9` in the middle.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{FIRST, Place, places};
use crate::support::{self, PROTOLOOP};

const ROWS: usize = 20_000;

/// How often each is killed.
const ROUNDS: u64 = 20;

/// Killed at many moments, a migration is there whole or gone on from, and every row is.
#[test]
fn a_killed_migration_is_gone_on_from() {
    places().iter().for_each(killed);
}

fn killed(place: &Place) {
    place.write(FIRST);
    place.migrate(&["apply"]).succeeded();
    let migrations = place.path().join("migrations");
    fs::create_dir(&migrations).expect("makes");
    fs::write(migrations.join("0001_rows.sql"), fill()).expect("writes");
    place.migrate(&["apply"]).succeeded();
    // To and fro, each time with a column that is renamed, one that is made anew, and an index. Every other time from the
    // models, without files.
    let other = FIRST
        .replace(
            "string title = 2;",
            "string name = 2 [(protoloop.v1.field) = { index: true }];",
        )
        .replace("int32 pages = 3;", "double pages = 3;");
    let (mut done, mut took) = (0, Duration::from_millis(200));
    for round in 0..ROUNDS {
        let back = round % 2 == 1;
        place.write(if back { FIRST } else { &other });
        let name = format!("round_{round}");
        place
            .migrate(&["new", &name, "--allow-destructive"])
            .succeeded();
        let begun = Instant::now();
        let mut process = Command::new(PROTOLOOP)
            .args(place.arguments(&["apply"]))
            .current_dir(place.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        // From the beginning to a little behind the end.
        support::pause(took.mul_f64((round + 1) as f64 / ROUNDS as f64));
        process.kill().expect("it can be killed");
        let killed = !process.wait().expect("it ends").success();
        let status = place.migrate_json(&["status"]);
        let files = status["files"].as_array().expect("files");
        done += usize::from(files.iter().all(|file| file["state"] == "done"));
        place.migrate(&["apply"]).succeeded();
        if !killed || round < 2 {
            took = begun.elapsed().max(Duration::from_millis(50));
        }
        place.migrate(&["verify"]).succeeded();
        let column = if back { "title" } else { "name" };
        let number = files.len() + 1;
        let path = migrations.join(format!("{number:04}_check_{round}.sql"));
        fs::write(path, check(round, column)).expect("writes");
        place.migrate(&["apply"]).succeeded();
    }
    // Says whether the moments were well chosen; both kinds are to be expected, and neither is an error.
    assert!(
        done < ROUNDS as usize,
        "no migration was killed in the middle"
    );
}

fn fill() -> String {
    let mut fill = String::from("INSERT INTO books (id, title, pages) VALUES ");
    for row in 0..ROWS {
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(fill, "{comma}('{row:05}', 'title {row}', {row})");
    }
    fill
}

/// A migration that fails unless every row is as it was.
fn check(round: u64, column: &str) -> String {
    format!(
        "CREATE TABLE checked_{round} (a INTEGER CHECK (a = {ROWS}));\n\
         INSERT INTO checked_{round} SELECT count(*) FROM books \
         WHERE CAST(id AS DECIMAL(10)) = pages AND CAST(replace({column}, 'title ', '') AS DECIMAL(10)) = pages;\n\
         DROP TABLE checked_{round};\n"
    )
}
