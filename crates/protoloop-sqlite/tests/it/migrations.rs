//! Changes of a schema that rows live through.

mod random;
mod references;

use std::sync::Arc;

use protoloop_core::{CallContext, Code};
use protoloop_migrate::{Applied, Desired, Migrator, Options, Phases, Quiet, State, Target};
use protoloop_repository::{Connector as _, Key, Model};
use protoloop_sql::SQLITE;
use protoloop_sqlite::SqliteConnector;

use crate::support::{Place, models, record};

const SHOP: &str = r#"
syntax = "proto3";
package shop.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { };
  int64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }];
  string title = 2 [(protoloop.v1.field) = { index: true }];
  int32 pages = 3;
  optional string note = 4;
  int64 stock = 5;
}
"#;

async fn apply(
    connector: &SqliteConnector,
    models: &[Arc<Model>],
    options: Options,
) -> protoloop_core::Result<Applied> {
    let desired = Desired::new(models, &SQLITE).expect("stored");
    Migrator::new(connector, &desired, options)
        .apply(&mut Quiet)
        .await
}

fn destructive() -> Options {
    Options {
        allow_destructive: true,
        ..Options::default()
    }
}

async fn state(connector: &SqliteConnector) -> State {
    let mut session = Target::open(connector, None).await.expect("opens");
    let state = State::read(&mut *session, &SQLITE).await.expect("reads");
    session.close().await;
    state
}

async fn values(connector: &SqliteConnector, sql: &str) -> Vec<String> {
    let mut session = Target::open(connector, None).await.expect("opens");
    let statement = protoloop_sql::Statement {
        sql: sql.to_owned(),
        values: Vec::new(),
    };
    let rows = session.query(statement).await.expect("reads");
    session.close().await;
    rows.iter().map(|row| format!("{row:?}")).collect()
}

#[tokio::test]
async fn rows_live_through_renames_and_wider_types() {
    let place = Place::new();
    let (connector, rows) = place.repository(SHOP).await;
    for title in ["Emma", "Ulysses", "Moby Dick"] {
        let json = format!(r#"{{"title": "{title}", "pages": 7, "stock": "9"}}"#);
        rows.create(&json).await.expect("created");
    }
    // A number is not given twice, also behind a rebuild.
    let delete = vec![protoloop_repository::Write::Delete {
        key: Key::from(3i64),
        check: Box::new(|_| Ok(())),
    }];
    rows.0
        .write(&CallContext::new(), delete)
        .await
        .expect("deleted");
    connector.close().await;
    let later = SHOP
        .replace("string title = 2", "string name = 2")
        .replace("int32 pages = 3;", "double pages = 3;")
        .replace("optional string note = 4;", "string note = 4;");
    let (connector, rows) = place.repository(&later).await;
    let keys = [Key::from(1i64), Key::from(2i64), Key::from(3i64)];
    let found = rows.0.find_by_ids(&CallContext::new(), &keys).await;
    let row = |id: u8, name: &str| {
        let json = format!(r#"{{"id": "{id}", "name": "{name}", "pages": 7, "stock": "9"}}"#);
        Some(record(rows.model(), &json))
    };
    assert_eq!(
        found.expect("reads"),
        [row(1, "Emma"), row(2, "Ulysses"), None]
    );
    let next = rows
        .create(r#"{"name": "Middlemarch"}"#)
        .await
        .expect("created");
    assert_eq!(
        next,
        record(rows.model(), r#"{"id": "4", "name": "Middlemarch"}"#)
    );
    let state = state(&connector).await;
    assert!(
        state.live.tables["books"]
            .indexes
            .contains_key("books_name_idx")
    );
    assert!(
        !state.live.tables["books"]
            .indexes
            .contains_key("books_title_idx")
    );
    assert_eq!(state.journal.len(), 2);
}

#[tokio::test]
async fn a_narrower_type_takes_rows_that_fit_and_else_changes_nothing() {
    let place = Place::new();
    let (connector, rows) = place.repository(SHOP).await;
    rows.create(r#"{"stock": "2147483648"}"#)
        .await
        .expect("created");
    let before = state(&connector).await;
    let narrow = models(&SHOP.replace("int64 stock = 5;", "int32 stock = 5; string more = 6;"));
    let error = apply(&connector, &narrow, destructive())
        .await
        .expect_err("too large");
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(
        error.message().contains("step 2 of 2, rebuild table books"),
        "{error}"
    );
    let after = state(&connector).await;
    assert_eq!((&after.live, &after.record), (&before.live, &before.record));
    assert_eq!(after.journal, before.journal);
    // The connection is as it was: a write works, and references are checked.
    assert_eq!(
        values(&connector, "PRAGMA foreign_keys").await,
        ["[Int(1)]"]
    );
    let mut session = Target::open(&connector, None).await.expect("opens");
    session
        .execute("UPDATE books SET stock = 2147483647")
        .await
        .expect("runs");
    session.close().await;
    apply(&connector, &narrow, destructive())
        .await
        .expect("fits now");
    assert_eq!(
        values(&connector, "SELECT stock FROM books").await,
        ["[Int(2147483647)]"]
    );
}

#[tokio::test]
async fn a_view_that_is_broken_stands_in_nobodys_way() {
    let place = Place::new();
    let (connector, _rows) = place.repository(SHOP).await;
    let mut session = Target::open(&connector, None).await.expect("opens");
    let views =
        "CREATE VIEW titles AS SELECT title FROM books; CREATE VIEW lost AS SELECT * FROM gone";
    session.execute(views).await.expect("runs");
    let found = State::read_with(&mut *session, &SQLITE, true).await;
    let tables = found.expect("reads").live.tables;
    assert_eq!(tables["titles"].columns[0].name, "title");
    assert_eq!(tables["lost"].columns[0].name, "");
    session.close().await;
    // A table is missing, which might be a view.
    let more = models(&format!(
        "{SHOP} message Shelf {{ option (protoloop.v1.model) = {{ }}; \
         string id = 1 [(protoloop.v1.field) = {{ id: CLIENT }}]; }}"
    ));
    connector.prepare(&more).await.expect("prepares");
}

#[tokio::test]
async fn a_rebuild_keeps_references_views_and_triggers() {
    let place = Place::new();
    let (connector, rows) = place.repository(SHOP).await;
    rows.create(r#"{"title": "Emma"}"#).await.expect("created");
    let mut session = Target::open(&connector, None).await.expect("opens");
    session
        .execute(
            "CREATE TABLE loans (id INTEGER PRIMARY KEY, book INTEGER REFERENCES books (id) ON DELETE CASCADE); \
             INSERT INTO loans VALUES (1, 1); \
             CREATE TABLE seen (title TEXT); \
             CREATE VIEW titles AS SELECT title FROM books; \
             CREATE TRIGGER watch AFTER INSERT ON books BEGIN INSERT INTO seen VALUES (new.title); END",
        )
        .await
        .expect("runs");
    session.close().await;
    let wide = models(&SHOP.replace("int32 pages = 3;", "double pages = 3;"));
    let applied = apply(&connector, &wide, Options::default())
        .await
        .expect("applies");
    assert_eq!(applied.steps.len(), 1);
    assert_eq!(values(&connector, "SELECT book FROM loans").await.len(), 1);
    let mut session = Target::open(&connector, None).await.expect("opens");
    session
        .execute("INSERT INTO books (title) VALUES ('Ulysses')")
        .await
        .expect("runs");
    let dangling = session.execute("INSERT INTO loans VALUES (2, 99)").await;
    assert!(dangling.is_err(), "references are checked as before");
    session.close().await;
    assert_eq!(values(&connector, "SELECT * FROM titles").await.len(), 2);
    assert_eq!(
        values(&connector, "SELECT * FROM seen").await,
        ["[Text(\"Ulysses\")]"]
    );
    connector
        .prepare(&wide)
        .await
        .expect("nothing is left to do");
}

#[tokio::test]
async fn only_what_expands_is_applied_first() {
    let place = Place::new();
    let (connector, _rows) = place.repository(SHOP).await;
    let later = SHOP
        .replace("string title = 2", "string name = 2")
        .replace("int64 stock = 5;", "int64 stock = 5; string more = 6;");
    let expand = Options {
        phases: Phases::Expand,
        ..Options::default()
    };
    let models = models(&format!(
        "{later} message Author {{ option (protoloop.v1.model) = {{}}; string id = 1 [(protoloop.v1.field) = {{ id: UUID_V7 }}]; }}"
    ));
    let applied = apply(&connector, &models, expand).await.expect("applies");
    let texts: Vec<_> = applied.steps.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["create table authors (expand)"]);
    assert!(!applied.withheld.is_empty());
    assert!(
        state(&connector).await.live.tables["books"]
            .column("title")
            .is_some()
    );
    let applied = apply(&connector, &models, Options::default())
        .await
        .expect("applies");
    assert!(applied.withheld.is_empty());
    let books = &state(&connector).await.live.tables["books"];
    assert!(books.column("name").is_some() && books.column("title").is_none());
}

#[tokio::test]
async fn those_that_start_together_apply_once() {
    let place = Place::new();
    let wide = models(SHOP);
    let mut tasks = Vec::new();
    for _ in 0..10 {
        let (url, models) = (place.url(), wide.clone());
        tasks.push(tokio::spawn(async move {
            let connector = SqliteConnector::open(&url).await.expect("opens");
            let applied = apply(&connector, &models, Options::default()).await;
            connector.close().await;
            applied.expect("applies").ids.len()
        }));
    }
    let mut ids = 0;
    for task in tasks {
        ids += task.await.expect("ends");
    }
    assert_eq!(ids, 1);
}
