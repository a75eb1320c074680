//! Foreign keys of several columns, which are no relations: told, kept, and asked for by filters.

use std::{fs, path::Path};

use protoloop_testing::databases;

use crate::support::{self, http, run::protoloop, served::Served};

const TABLES: &str = "
CREATE TABLE line (order_no INTEGER NOT NULL, part INTEGER NOT NULL, title VARCHAR(40), PRIMARY KEY (order_no, part));
CREATE TABLE shipment (
  id VARCHAR(10) NOT NULL PRIMARY KEY, order_no INTEGER, part INTEGER,
  CONSTRAINT shipped FOREIGN KEY (order_no, part) REFERENCES line (order_no, part) ON DELETE CASCADE
);
INSERT INTO line VALUES (1, 1, 'ink'), (1, 2, 'paper');
INSERT INTO shipment VALUES ('10', 1, 1), ('11', 1, 2), ('12', 1, 2), ('13', NULL, NULL);
";

const TOLD: &str =
    "shipment.order_no, part: the foreign key to line is no relation: it has several columns";

/// What a read of the database says, the models written as files.
fn discovered(folder: &Path, url: &str) -> String {
    let ran = protoloop(folder, &["discover", "--db", url]).succeeded();
    assert!(ran.stderr.contains(TOLD), "{ran}");
    let report = ["discover", "--db", url, "-o", "report", "--report", "json"];
    let report = protoloop(folder, &report).succeeded();
    assert!(
        report.stdout.contains("the foreign key to line"),
        "{report}"
    );
    fs::read_to_string(folder.join("proto/db/v1/db.proto")).expect("written")
}

#[track_caller]
fn answer(server: &Served, method: &str, target: &str, body: &str, status: u16) -> String {
    let headers = [("content-type", "application/json")];
    let answer = http::send(server.address(), method, target, &headers, body.as_bytes());
    let text = answer.text();
    assert_eq!(answer.status, status, "{method} {target}: {text}");
    text
}

fn found(server: &Served, filter: &str) -> usize {
    let list = answer(
        server,
        "GET",
        &format!("/v1/shipments?filter={filter}"),
        "",
        200,
    );
    list.matches("\"id\"").count()
}

/// Discovers, serves and writes. `names`: whether the database tells which key refused a row.
fn there_and_back(folder: &Path, url: &str, arguments: &[&str], names: bool) {
    let text = discovered(folder, url);
    assert!(!text.contains("belongs_to"), "{text}");
    let server = Served::start_with(&folder.join("proto"), url, arguments);
    let line = answer(&server, "GET", "/v1/lines/1/2", "", 200);
    assert!(line.contains("paper"), "{line}");
    let of_line = "order_no=1%20AND%20part=2";
    assert_eq!(found(&server, of_line), 2);
    let dangling = r#"{"id": "14", "orderNo": 1, "part": 9}"#;
    let refused = answer(&server, "POST", "/v1/shipments", dangling, 400);
    let due = match names {
        true => "order_no, part: there is no row that these refer to",
        false => "a row that is referred to does not exist",
    };
    assert!(refused.contains(due), "{refused}");
    assert!(refused.contains("FAILED_PRECONDITION"), "{refused}");
    let moved = r#"{"part": 9}"#;
    let refused = answer(&server, "PATCH", "/v1/shipments/10", moved, 400);
    assert!(refused.contains(due), "{refused}");
    let fits = r#"{"id": "14", "orderNo": 1, "part": 1}"#;
    answer(&server, "POST", "/v1/shipments", fits, 200);
    // The database does what its key says.
    answer(&server, "DELETE", "/v1/lines/1/2", "", 200);
    assert_eq!(found(&server, of_line), 0);
    assert_eq!(found(&server, ""), 3);
    server.terminate();
    // Serving has not taken the key away.
    assert_eq!(discovered(folder, url), text);
}

#[test]
fn a_foreign_key_of_several_columns_is_told_and_stays_in_sqlite() {
    let folder = support::folder();
    let url = support::database_in(&folder);
    let tables = folder.path().join("sql");
    fs::create_dir(&tables).expect("the folder is ours");
    fs::write(tables.join("0001_tables.sql"), TABLES).expect("the folder is ours");
    let none = folder.path().join("none.proto");
    let text = "syntax = \"proto3\"; package none.v1; import \"protoloop/v1/annotations.proto\";\n\
                message None { option (protoloop.v1.model) = { table: \"protoloop_none\" };\n\
                string id = 1 [(protoloop.v1.field) = { id: CLIENT }]; }";
    fs::write(&none, text).expect("the folder is ours");
    let apply = ["migrate", "apply", "none.proto", "--db", &url];
    let apply = [&apply[..], &["--migrations", "sql"]].concat();
    protoloop(folder.path(), &apply).succeeded();
    let tables = tables.display().to_string();
    there_and_back(folder.path(), &url, &["--migrations", &tables], false);
}

#[test]
fn a_foreign_key_of_several_columns_is_told_and_stays_in_servers() {
    for server in [databases::postgres(), databases::mariadb()] {
        let Some(server) = server else { continue };
        let (url, folder) = (server.database(), support::folder());
        let database = url.rsplit('/').next().unwrap_or_default();
        let _ = server.query(database, TABLES);
        there_and_back(folder.path(), &url, &[], true);
    }
}
