//! `protoloop discover` on database servers, and serving what it found.

use std::{fs, net::SocketAddr, process::Command};

use protoloop_testing::databases::{self, Server};
use serde_json::{Value, json};

use crate::support::{
    self, http,
    run::{Ran, protoloop, run},
    served::Served,
    tools,
};

/// A server, and what its kind of database is called.
fn servers() -> impl Iterator<Item = (&'static Server, &'static str)> {
    let postgres = databases::postgres().map(|server| (server, "postgres"));
    let mariadb = databases::mariadb().map(|server| (server, "mariadb"));
    postgres.into_iter().chain(mariadb)
}

/// Runs SQL in the database of a URL.
fn sql(server: &Server, url: &str, text: &str) {
    let database = url.rsplit('/').next().unwrap_or_default();
    let _ = server.query(database, text);
}

/// The URL of a database with the rental shop in it.
fn rental(server: &Server, kind: &str) -> String {
    let url = server.database();
    let text = fs::read_to_string(support::fixture(&format!("rental/{kind}.sql")));
    sql(server, &url, &text.expect("reads"));
    url
}

fn discover(folder: &tempfile::TempDir, url: &str, arguments: &[&str]) -> Ran {
    let mut all = vec!["discover", "--db", url];
    all.extend(arguments);
    protoloop(folder.path(), &all)
}

#[test]
fn a_database_becomes_models_that_answer() {
    for (database, kind) in servers() {
        let url = rental(database, kind);
        let folder = support::folder();
        let ran = discover(&folder, &url, &["--package", "rental.v1"]).succeeded();
        assert!(!ran.stderr.contains(databases::PASSWORD), "{ran}");
        for part in [
            "event_log left out: a table without a key",
            "sales_by_store left out: a view without a key",
            "film_list.fid: taken for what tells the rows of the view apart",
            "address.location left out: no field stores what a point does",
        ] {
            assert!(ran.stderr.contains(part), "{kind}: {part}: {ran}");
        }
        let text = fs::read_to_string(folder.path().join("proto/rental/v1/rental.proto"));
        blessed(&text.expect("written"), kind);
        let server = Served::start(&folder.path().join("proto"), &url);
        answers(&server, kind);
        writes(&server, kind);
        if let Some(python) = tools::python() {
            let mut command = Command::new(python);
            command.arg("-B");
            command.arg(support::root().join("tests/foreign/rental.py"));
            command.arg(server.address().to_string());
            assert_eq!(run(&mut command).succeeded().stdout.trim(), "ok", "{kind}");
        }
        adds_a_label(database, &url, &server, kind);
    }
}

/// The text is compared with a file, which `PROTOLOOP_BLESS` writes anew.
fn blessed(text: &str, kind: &str) {
    let path = support::fixture(&format!("rental/{kind}.proto"));
    if std::env::var_os("PROTOLOOP_BLESS").is_some() {
        fs::write(&path, text).expect("writes");
    }
    assert_eq!(text, fs::read_to_string(&path).unwrap_or_default());
}

#[track_caller]
fn get(server: &Served, target: &str) -> Value {
    let answer = http::get(server.address(), target);
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    answer.json()
}

/// The ids of the films of a filter, written as in a query string, in an order.
#[track_caller]
fn films(server: &Served, filter: &str, order: &str) -> Vec<i64> {
    let list = get(
        server,
        &format!("/v1/films?filter={filter}&orderBy={order}"),
    );
    let films = list["films"].as_array().cloned().unwrap_or_default();
    films
        .iter()
        .filter_map(|film| film["filmId"].as_i64())
        .collect()
}

/// Reads every type, and filters and orders by it.
fn answers(server: &Served, kind: &str) {
    let rating = if kind == "postgres" {
        "MPAA_RATING"
    } else {
        "FILM_RATING"
    };
    let film = get(
        server,
        "/v1/films/2?include=language,actors,originalLanguage",
    );
    assert_eq!(film["originalLanguage"]["name"], "Italian", "{film}");
    assert_eq!(film["rating"], format!("{rating}_PG_13"));
    assert_eq!(film["actors"].as_array().map(Vec::len), Some(2));
    assert_eq!(film["lastUpdate"], "2026-01-02T22:00:00Z");
    let film = get(server, "/v1/films/1");
    assert_eq!(film["budget"], "12345678901234567890.25");
    assert_eq!(film["details"], json!({"genre": "drama", "year": 2006}));
    filters(server, kind, rating);
    let wrong = http::get(server.address(), "/v1/films?filter=budget=%22lots%22");
    assert_eq!(wrong.status, 400, "{}", wrong.text());
    others(server, kind);
}

/// Filters and orders by every type.
fn filters(server: &Served, kind: &str, rating: &str) {
    for (filter, order, found) in [
        (format!("rating={rating}_PG_13"), "", vec![2]),
        (format!("rating!={rating}_PG_13"), "", vec![1, 3]),
        (format!("rating!={rating}_UNSPECIFIED"), "", vec![1, 2, 3]),
        (String::new(), "rating desc", vec![3, 2, 1]),
        (String::new(), "title", vec![1, 2, 3]),
        (String::new(), "last_update", vec![3, 1, 2]),
        (
            "last_update%3E%222026-01-02T03:04:05.678900Z%22".to_owned(),
            "",
            vec![1, 2],
        ),
        (
            "last_update=%222026-01-02T03:04:05.678901Z%22".to_owned(),
            "",
            vec![1],
        ),
        ("rental_rate%3E=2.99".to_owned(), "rental_rate", vec![1, 2]),
        ("rental_rate=0.99".to_owned(), "", vec![3]),
        ("budget%3E%22100.5%22".to_owned(), "", vec![1]),
        ("budget=%22100.00%22".to_owned(), "", vec![3]),
        ("title=%22ace%20of%20gold%22".to_owned(), "", vec![]),
        ("title=%22Ac*%22".to_owned(), "", vec![1, 2]),
        ("special_features:%22Trailers%22".to_owned(), "", vec![1, 3]),
        ("NOT%20special_features:*".to_owned(), "", vec![2]),
        ("details.genre=%22drama%22".to_owned(), "", vec![1]),
        ("release_year%3E2006".to_owned(), "", vec![2]),
        ("language.name=%22English%22".to_owned(), "", vec![1, 2]),
    ] {
        let order = order.replace(' ', "%20");
        assert_eq!(
            films(server, &filter, &order),
            found,
            "{kind}: {filter} by {order}"
        );
    }
}

/// Reads other tables, by keys and relations of every kind.
fn others(server: &Served, kind: &str) {
    let cast = get(server, "/v1/filmActors/1/2");
    assert_eq!(cast["lastUpdate"], "2026-01-01T00:00:00Z", "{cast}");
    let customer = get(server, "/v1/customers/1?include=rentals,store,address");
    assert_eq!(customer["grE"], 1.5, "{customer}");
    assert_eq!(customer["createDate"], "2020-02-29");
    assert_eq!(customer["address"]["postalCode"], "00100");
    assert_eq!(customer["rentals"][0]["rentalDate"], "2026-05-24T22:53:30Z");
    assert_eq!(customer["store"]["open"], true);
    assert_eq!(customer["eMail"], "mary@example.com");
    let list = get(server, "/v1/filmLists/1");
    assert_eq!(
        (&list["language"], &list["rating"]),
        (
            &"English".into(),
            &json!(format!(
                "{}_PG",
                if kind == "postgres" {
                    "MPAA_RATING"
                } else {
                    "FILM_LIST_RATING"
                }
            ))
        )
    );
    let pair = get(server, "/v1/selects/1/A");
    assert_eq!(pair["zHler"], 6, "{pair}");
    // Some rows of each parent, by a column that is read in other words than it is ordered by.
    let scope =
        r#"{"include":[{"relation":"languageFilms","scope":{"limit":1,"order":["budget DESC"]}}]}"#;
    let language = get(
        server,
        &format!("/v1/languages/1?filter={}", encoded(scope)),
    );
    let films = &language["languageFilms"];
    assert_eq!(
        (films.as_array().map(Vec::len), &films[0]["filmId"]),
        (Some(1), &json!(2)),
        "{language}"
    );
    let category = get(server, "/v1/categories/2?include=parent,films");
    assert_eq!(category["parent"]["name"], "All");
    assert_eq!(category["films"][0]["filmId"], 1);
    let staff = get(
        server,
        "/v1/staffs?filter=staff_id=%22018F0000-0000-7000-8000-000000000001%22",
    );
    assert_eq!(staff["staffs"][0]["firstName"], "Ada", "{staff}");
    let none = http::get(
        server.address(),
        "/v1/staffs/018F0000-0000-7000-8000-000000000001",
    );
    assert_eq!(none.status, 404, "{}", none.text());
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        })
        .collect()
}

/// Sends JSON to a path.
fn request(server: SocketAddr, method: &str, target: &str, json: &str) -> http::Response {
    let headers = [("content-type", "application/json")];
    http::send(server, method, target, &headers, json.as_bytes())
}

/// A label that the schema does not know is read as a number that none of its values has, and is not written over.
fn adds_a_label(database: &Server, url: &str, server: &Served, kind: &str) {
    let label = match kind {
        "postgres" => "ALTER TYPE mpaa_rating ADD VALUE 'X'",
        _ => "ALTER TABLE film MODIFY rating enum('G', 'PG', 'PG-13', 'it''s', 'X') DEFAULT 'G'",
    };
    sql(database, url, label);
    sql(
        database,
        url,
        "UPDATE film SET rating = 'X' WHERE film_id = 3",
    );
    let film = get(server, "/v1/films/3");
    assert_eq!(film["rating"], -1, "{film}");
    let all = get(server, "/v1/films?orderBy=rating");
    assert_eq!(all["films"][0]["filmId"], 3, "{all}");
    assert_eq!(films(server, "rating:*%20AND%20film_id=3", ""), vec![3]);
    let put = |body: Value| request(server.address(), "PUT", "/v1/films/3", &body.to_string());
    let told = put(film.clone());
    assert_eq!(told.status, 400, "{}", told.text());
    assert!(told.text().contains("rating"), "{}", told.text());
    // What the server writes as a whole is refused too; where it sets the one field, the other stays.
    let patch = r#"{"title":"New"}"#;
    let patch = request(server.address(), "PATCH", "/v1/films/3", patch);
    let due = if kind == "postgres" { 200 } else { 400 };
    assert_eq!(patch.status, due, "{}", patch.text());
    assert_eq!(get(server, "/v1/films/3")["rating"], -1);
}

/// Writes every type, and answers as it will be read.
fn writes(server: &Served, kind: &str) {
    let rating = if kind == "postgres" {
        "MPAA_RATING"
    } else {
        "FILM_RATING"
    };
    let film = json!({
        "title": "Brand New", "languageId": 1, "rating": format!("{rating}_G"), "rentalRate": 1.5,
        "budget": "7", "specialFeatures": ["Trailers"], "details": {"a": 1}, "releaseYear": 2020,
        "lastUpdate": "2026-03-04T05:06:07.000008Z", "playtime": "02:00:00",
    });
    let made = http::post(server.address(), "/v1/films", &film.to_string());
    assert_eq!(made.status, 200, "{kind}: {}", made.text());
    let made = made.json();
    assert_eq!(made["filmId"], 4, "{made}");
    assert_eq!(made["rentalDuration"], 3, "{made}");
    assert_eq!(made["lastUpdate"], film["lastUpdate"], "{made}");
    assert_eq!(get(server, "/v1/films/4"), made, "{kind}");
    let patch = json!({"rating": format!("{rating}_PG_13"), "specialFeatures": []});
    let mask = "/v1/films/4?updateMask=rating,specialFeatures";
    let changed = request(server.address(), "PATCH", mask, &patch.to_string());
    assert_eq!(changed.status, 200, "{kind}: {}", changed.text());
    let changed = changed.json();
    assert_eq!(changed["rating"], format!("{rating}_PG_13"), "{changed}");
    assert_eq!(get(server, "/v1/films/4"), changed, "{kind}");
    for (body, part) in [
        (
            json!({"title": "No", "languageId": 1, "budget": "lots"}),
            "budget",
        ),
        (
            json!({"title": "No", "languageId": 1, "rating": 99}),
            "rating",
        ),
        (
            json!({"title": "No", "languageId": 99, "lastUpdate": "2026-03-04T05:06:07Z"}),
            "language",
        ),
    ] {
        let refused = http::post(server.address(), "/v1/films", &body.to_string());
        assert_eq!(refused.status, 400, "{kind} {body}: {}", refused.text());
        assert!(refused.text().contains(part), "{kind}: {}", refused.text());
    }
    // The database computes a column, which is in the answer.
    let body = r#"{"firstName": "Ed", "lastName": "Chase", "fullName": "not so"}"#;
    let actor = http::post(server.address(), "/v1/actors", body);
    assert_eq!(actor.status, 200, "{kind}: {}", actor.text());
    assert_eq!(actor.json()["fullName"], "Ed Chase");
    let path = format!("/v1/actors/{}", actor.json()["actorId"]);
    let renamed = request(server.address(), "PATCH", &path, r#"{"firstName": "Al"}"#);
    assert_eq!(renamed.json()["fullName"], "Al Chase", "{}", renamed.text());
    let gone = request(server.address(), "DELETE", &path, "");
    assert_eq!(gone.status, 200, "{}", gone.text());
    let gone = request(server.address(), "DELETE", "/v1/films/4", "");
    assert_eq!(gone.status, 200, "{}", gone.text());
}

#[test]
fn a_database_without_protos_is_served_for_reading() {
    for (server, kind) in servers() {
        let url = rental(server, kind);
        let empty = support::folder();
        let server = Served::start_in(empty.path(), &url, &[]);
        answers(&server, kind);
        let refused = http::post(server.address(), "/v1/films", r#"{"title": "No"}"#);
        assert!(matches!(refused.status, 404 | 405), "{}", refused.text());
        server.terminate();
        let server = Served::start_in(empty.path(), &url, &["--write"]);
        let body = r#"{"firstName": "Ed", "lastName": "Chase"}"#;
        let made = http::post(server.address(), "/v1/actors", body);
        assert_eq!(made.status, 200, "{}", made.text());
        server.terminate();
        // It was left as it is.
        let ran = discover(&empty, &url, &["-o", "again", "--report", "json"]).succeeded();
        assert!(!ran.stdout.contains("protoloop_"), "{ran}");
    }
}

#[test]
fn numbers_stay_when_tables_change() {
    for (server, kind) in servers() {
        let url = rental(server, kind);
        let folder = support::folder();
        let path = folder.path().join("proto/db/v1/db.proto");
        discover(&folder, &url, &[]).succeeded();
        let first = fs::read_to_string(&path).expect("written");
        discover(&folder, &url, &[]).succeeded();
        assert_eq!(first, fs::read_to_string(&path).expect("written"));
        sql(
            server,
            &url,
            match kind {
                "postgres" => {
                    "ALTER TYPE mpaa_rating ADD VALUE 'R' BEFORE 'NC-17'; ALTER TABLE film DROP COLUMN budget; \
                 ALTER TABLE actor ADD COLUMN born date"
                }
                _ => {
                    "ALTER TABLE film MODIFY COLUMN rating enum('G','PG','R','PG-13'), DROP COLUMN budget; \
                 ALTER TABLE actor ADD COLUMN born date"
                }
            },
        );
        discover(&folder, &url, &[]).succeeded();
        let second = fs::read_to_string(&path).expect("written");
        let budget = first.lines().find(|line| line.contains(" budget = "));
        let number = budget
            .and_then(|line| line.split(" = ").nth(1))
            .expect("a number");
        let number = number.split([' ', ';']).next().unwrap_or_default();
        assert!(
            second.contains(&format!("  reserved {number};")),
            "{second}"
        );
        assert!(second.contains("_R = 5 [("), "{second}");
        // The labels of MariaDB's enum stand in the type of its column.
        let plain = |line: &str| line.split(" [(").next().unwrap_or_default().to_owned();
        let gone = |line: &&str| line.contains(" budget = ") || line.contains("it's");
        for line in first.lines().filter(|line| line.contains(" = ")) {
            let kept = second.contains(&plain(line));
            assert!(kept || gone(&line), "{line}");
        }
    }
}

#[test]
fn a_schema_of_postgres_may_be_chosen() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let url = server.database();
    sql(
        server,
        &url,
        "CREATE SCHEMA \"Other; one\"; CREATE TYPE public.mood AS ENUM ('sad', 'happy'); \
         CREATE TABLE \"Other; one\".things (id bigint PRIMARY KEY, mood public.mood NOT NULL, \"Mood\" \"text\"); \
         INSERT INTO \"Other; one\".things VALUES (1, 'happy', 'x')",
    );
    let folder = support::folder();
    let nothing = discover(&folder, &url, &[]);
    assert!(
        nothing.code == Some(1) && nothing.stderr.contains("no table that a model"),
        "{nothing}"
    );
    let ran = discover(&folder, &url, &["--schema", "Other; one"]).succeeded();
    let by_case = "things.Mood left out: its name differs from mood in case alone";
    assert!(ran.stderr.contains(by_case), "{ran}");
    let text = fs::read_to_string(folder.path().join("proto/db/v1/db.proto")).expect("written");
    assert!(text.contains("column_type: \"public.mood\""), "{ran}{text}");
    let served = format!("{url}?schema=Other%3B%20one");
    let server = Served::start(&folder.path().join("proto"), &served);
    let found = get(&server, "/v1/things/1");
    assert_eq!(found["mood"], "MOOD_HAPPY", "{found}");
    let wrong = discover(&folder, "sqlite:x.db", &["--schema", "x"]);
    assert!(
        wrong.code == Some(1) && wrong.stderr.contains("only databases of PostgreSQL"),
        "{wrong}"
    );
}
