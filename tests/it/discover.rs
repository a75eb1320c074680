//! `protoloop discover`, and serving a database without any .proto file.

use std::{fs, path::Path};

use crate::support::{
    self, http,
    run::{Ran, protoloop},
    served::Served,
};

/// A folder whose `data.db` is the rental shop.
fn rental() -> tempfile::TempDir {
    let folder = support::folder();
    sql(
        folder.path(),
        &fs::read_to_string(support::fixture("rental/sqlite.sql")).expect("reads"),
    );
    folder
}

/// Runs SQL on a folder's database, as a migration that its author wrote.
fn sql(folder: &Path, sql: &str) {
    fs::write(
        folder.join("none.proto"),
        "syntax = \"proto3\"; package none.v1; import \"protoloop/v1/annotations.proto\";\n\
         message None { option (protoloop.v1.model) = { table: \"protoloop_none\" };\n\
         string id = 1 [(protoloop.v1.field) = { id: CLIENT }]; }",
    )
    .expect("writes");
    let migrations = folder.join("sql");
    let number = fs::read_dir(&migrations).map_or(1, |files| files.count() + 1);
    fs::create_dir_all(&migrations).expect("makes");
    fs::write(migrations.join(format!("{number:04}_sql.sql")), sql).expect("writes");
    protoloop(
        folder,
        &[
            "migrate",
            "apply",
            "none.proto",
            "--db",
            "sqlite:data.db",
            "--migrations",
            "sql",
        ],
    )
    .succeeded();
    fs::remove_file(folder.join("none.proto")).expect("removes");
}

fn discover(folder: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["discover", "--db", "sqlite:data.db"];
    all.extend(arguments);
    protoloop(folder, &all)
}

#[test]
fn a_database_becomes_models_that_answer() {
    let folder = rental();
    let ran = discover(folder.path(), &["--package", "rental.v1"]).succeeded();
    for part in [
        "event_log left out: a table without a key",
        "sales_by_store left out: a view without a key",
        "measure left out: its key column weight is double",
        "film_list.fid: taken for what tells the rows of the view apart",
        "setting: it has no primary key; its unique columns (name) serve as one",
        "film.last_update: its DEFAULT CURRENT_TIMESTAMP is not taken over",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {ran}");
    }
    let text = fs::read_to_string(folder.path().join("proto/rental/v1/rental.proto"));
    insta(&text.expect("written"));
    let server = Served::start_with(
        &folder.path().join("proto"),
        &support::database_in(&folder),
        &[
            "--migrations",
            &folder.path().join("sql").display().to_string(),
        ],
    );
    answers(&server);
    let made = http::post(
        server.address(),
        "/v1/films",
        r#"{"title": "Brand New", "languageId": "1"}"#,
    );
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["filmId"], "4");
    assert_eq!(made.json()["rentalDuration"], "3");
}

/// The text is compared with a file, which `PROTOLOOP_BLESS` writes anew.
fn insta(text: &str) {
    let path = support::fixture("rental/rental.proto");
    if std::env::var_os("PROTOLOOP_BLESS").is_some() {
        fs::write(&path, text).expect("writes");
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default());
}

/// Reads through relations, composite keys, a view.
fn answers(server: &Served) {
    let get = |target: &str| {
        let answer = http::get(server.address(), target);
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
        answer.json()
    };
    let film = get("/v1/films/2?include=language,actors,originalLanguage");
    assert_eq!(film["title"], "Ace Goldfinger");
    assert_eq!(film["language"]["name"], "English");
    assert_eq!(film["originalLanguage"]["name"], "Italian");
    assert_eq!(film["actors"].as_array().map(Vec::len), Some(2));
    let cast = get("/v1/filmActors/1/2");
    assert_eq!(
        (&cast["actorId"], &cast["filmId"]),
        (&"1".into(), &"2".into())
    );
    let list = get("/v1/filmLists/1");
    assert_eq!(
        (&list["language"], &list["actors"]),
        (&"English".into(), &"1".into())
    );
    let found = get("/v1/films?filter=releaseYear%3D2006&orderBy=title%20desc");
    assert_eq!(found["films"][0]["filmId"], "2");
    let customer = get("/v1/customers/1?include=customerCard,rentals,store");
    assert_eq!(customer["customerCard"]["number"], "4711");
    assert_eq!(customer["rentals"][0]["amount"], 2.99);
    assert_eq!(customer["store"]["open"], true);
    let category = get("/v1/categories/2?include=parent");
    assert_eq!(category["parent"]["name"], "All");
    assert_eq!(get("/v1/settings/theme")["value"], "dark");
}

#[test]
fn a_database_without_protos_is_served_for_reading() {
    let folder = rental();
    let db = support::database_in(&folder);
    let empty = support::folder();
    let server = Served::start_in(empty.path(), &db, &[]);
    answers(&server);
    let refused = http::post(server.address(), "/v1/films", r#"{"title": "No"}"#);
    assert!(
        refused.status == 404 || refused.status == 405,
        "{}",
        refused.text()
    );
    server.terminate();
    // Nothing was migrated, though the models would like an index at each foreign key.
    let again = discover(folder.path(), &["-o", "again"]).succeeded();
    let text = fs::read_to_string(folder.path().join("again/db/v1/db.proto")).expect("written");
    assert!(
        !text.contains("indexes: { fields: [\"film_id\"]"),
        "{again}{text}"
    );
    let server = Served::start_in(empty.path(), &db, &["--write"]);
    let made = http::post(
        server.address(),
        "/v1/actors",
        r#"{"firstName": "Ed", "lastName": "Chase"}"#,
    );
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(made.json()["actorId"], "3");
}

#[test]
fn field_numbers_stay_over_later_runs() {
    let folder = rental();
    discover(folder.path(), &[]).succeeded();
    let path = folder.path().join("proto/db/v1/db.proto");
    let first = fs::read_to_string(&path).expect("written");
    discover(folder.path(), &[]).succeeded();
    assert_eq!(first, fs::read_to_string(&path).expect("written"));
    sql(
        folder.path(),
        "ALTER TABLE actor ADD COLUMN born INTEGER; ALTER TABLE film DROP COLUMN description;",
    );
    discover(folder.path(), &[]).succeeded();
    let second = fs::read_to_string(&path).expect("written");
    assert!(second.contains("  reserved 3;\n"), "{second}");
    for line in first
        .lines()
        .filter(|line| line.contains(" = ") && !line.contains("description"))
    {
        assert!(second.contains(line), "{line}");
    }
    let broken = folder.path().join("proto/protoloop.discover.lock");
    fs::write(&broken, "{}").expect("writes");
    let ran = discover(folder.path(), &[]);
    assert!(
        ran.code == Some(1) && ran.stderr.contains("protoloop.discover.lock"),
        "{ran}"
    );
}

#[test]
fn names_and_keys_may_be_chosen() {
    let folder = rental();
    let ran = discover(
        folder.path(),
        &[
            "--naming",
            "keep",
            "--key",
            "event_log=at,text",
            "--key",
            "sales_by_store=store",
            "--exclude",
            "measure",
            "--report",
            "json",
            "--read-only",
        ],
    )
    .succeeded();
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(report["models"], 14);
    let text = fs::read_to_string(folder.path().join("proto/db/v1/db.proto")).expect("written");
    for part in [
        "message film_actor {",
        "string Special_Features = ",
        "message sales_by_store {",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("expose: CRUD"));
    let wrong = discover(folder.path(), &["--key", "film"]);
    assert!(wrong.stderr.contains("write TABLE=COLUMN"), "{wrong}");
}

#[test]
fn a_database_without_tables_is_told() {
    let folder = support::folder();
    let file = folder.path().join("data.db");
    for part in ["there is no such file", "no table that a model"] {
        let ran = discover(folder.path(), &[]);
        assert!(ran.code == Some(1) && ran.stderr.contains(part), "{ran}");
        assert_eq!(file.exists(), part.starts_with("no table"));
        // An empty file is a database without tables.
        fs::write(&file, "").expect("a file");
    }
    let empty = support::folder();
    for (db, part) in [
        ("sqlite:protoloop.db", "no .proto file"),
        ("sqlite:none.db", "no table in the database"),
        ("memory:", "this has no tables to serve instead"),
    ] {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--db", db];
        let ran = protoloop(empty.path(), &arguments);
        assert!(ran.code == Some(1) && ran.stderr.contains(part), "{ran}");
    }
}

/// SQLite takes every type that it does not know for a number.
#[test]
fn texts_of_types_that_sqlite_does_not_know_are_read() {
    let folder = support::folder();
    sql(
        folder.path(),
        "CREATE TABLE page (id UUID PRIMARY KEY, data JSON, kind ENUM, title STRING, packed JSONB, price MONEY, at TIMESTAMP);
         INSERT INTO page VALUES ('0a1b', '{\"a\": [1, {\"b\": \"x\"}]}', 'b', 'first', x'00', 2.5, 1700000000);
         INSERT INTO page (id, data) VALUES ('1a', '7');",
    );
    let ran = discover(folder.path(), &[]).succeeded();
    let told = "page.packed left out: no field stores what a JSONB does";
    assert!(ran.stderr.contains(told), "{ran}");
    let proto = folder.path().join("proto");
    let migrations = folder.path().join("sql").display().to_string();
    let start = || {
        let db = support::database_in(&folder);
        Served::start_with(&proto, &db, &["--migrations", &migrations])
    };
    let server = start();
    let page = http::get(server.address(), "/v1/pages/0a1b");
    assert_eq!(page.status, 200, "{}", page.text());
    let page = page.json();
    assert_eq!(page["data"]["a"][1]["b"], "x", "{page}");
    assert_eq!(page["kind"], "b", "{page}");
    assert_eq!(page["title"], "first", "{page}");
    assert_eq!(page["price"], 2.5, "{page}");
    // A number where a text is expected is its text, and is found by it.
    assert_eq!(page["at"], "1700000000", "{page}");
    let found = http::get(server.address(), "/v1/pages?filter=at%3D%221700000000%22");
    assert_eq!(found.json()["pages"][0]["id"], "0a1b", "{}", found.text());
    let number = http::get(server.address(), "/v1/pages/1a");
    assert_eq!(number.json()["data"], 7, "{}", number.text());
    let body = r#"{"id": "0c", "data": {"a": null}, "title": "second"}"#;
    let made = http::post(server.address(), "/v1/pages", body);
    assert_eq!(made.status, 200, "{}", made.text());
    server.terminate();
    // Nothing was made anew of the table of others.
    let server = start();
    let list = http::get(server.address(), "/v1/pages?filter=title%3D%22second%22");
    assert_eq!(list.json()["pages"][0]["id"], "0c", "{}", list.text());
    server.terminate();
    let report = discover(folder.path(), &["-o", "again"]).succeeded();
    assert!(report.stderr.contains(told), "{report}");
}
