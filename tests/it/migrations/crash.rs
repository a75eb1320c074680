//! `kill -9` in the middle.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use super::{FIRST, migrate, migrate_json, write};
use crate::support::{self, PROTOLOOP};

const ROWS: usize = 20_000;

/// Killed at many moments, a migration is there whole or not at all, and every row is.
#[test]
fn a_killed_migration_is_gone_on_from() {
    let folder = support::folder();
    write(folder.path(), FIRST);
    migrate(folder.path(), &["apply"]).succeeded();
    fs::create_dir(folder.path().join("migrations")).expect("makes");
    let mut fill = String::from("INSERT INTO books (id, title, pages) VALUES ");
    for row in 0..ROWS {
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(fill, "{comma}('{row:05}', 'title {row}', {row})");
    }
    fs::write(folder.path().join("migrations/0001_rows.sql"), fill).expect("writes");
    migrate(folder.path(), &["apply"]).succeeded();
    // To and fro, each time with a rebuild of the table and an index.
    let other = FIRST
        .replace(
            "string title = 2;",
            "string name = 2 [(protoloop.v1.field) = { index: true }];",
        )
        .replace("int32 pages = 3;", "double pages = 3;");
    let mut done = 0;
    for round in 0..16u64 {
        let back = round % 2 == 1;
        write(folder.path(), if back { FIRST } else { &other });
        let name = format!("round_{round}");
        migrate(folder.path(), &["new", &name, "--allow-destructive"]).succeeded();
        let mut process = Command::new(PROTOLOOP)
            .args(["migrate", "apply", "shop.proto", "--db", "sqlite:data.db"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        support::pause(Duration::from_millis(10 + round * 12));
        process.kill().expect("it can be killed");
        process.wait().expect("it ends");
        let status = migrate_json(folder.path(), &["status"]);
        let files = status["files"].as_array().expect("files");
        done += usize::from(files.iter().all(|file| file["state"] == "done"));
        migrate(folder.path(), &["apply"]).succeeded();
        migrate(folder.path(), &["verify"]).succeeded();
        let column = if back { "title" } else { "name" };
        let check = format!(
            "CREATE TABLE checked_{round} (a INTEGER CHECK (a = {ROWS})) STRICT;\n\
             INSERT INTO checked_{round} SELECT count(*) FROM books \
             WHERE id = printf('%05d', pages) AND {column} = 'title ' || CAST(pages AS INTEGER);\n\
             DROP TABLE checked_{round};\n"
        );
        let number = files.len() + 1;
        let path = format!("migrations/{number:04}_check_{round}.sql");
        fs::write(folder.path().join(path), check).expect("writes");
        migrate(folder.path(), &["apply"]).succeeded();
    }
    // Says whether the moments were well chosen; both kinds are to be expected, and neither is an error.
    assert!(done < 16, "no migration was killed in the middle");
}
