//! What happens to a database at start.

use protoloop_core::Code;
use protoloop_repository::Connector as _;
use protoloop_sqlite::SqliteConnector;

use crate::support::{Place, TODO, models};

#[tokio::test]
async fn columns_and_indexes_that_are_missing_are_added() {
    let place = Place::new();
    let (connector, rows) = place.repository(TODO).await;
    rows.create(r#"{"id": "a", "title": "milk"}"#)
        .await
        .expect("created");
    connector.close().await;
    let later = TODO.replace(
        "int64 count = 4;",
        "int64 count = 4 [(protoloop.v1.field) = { index: true }];
         double weight = 5;
         optional string note = 6;
         repeated string tags = 7;",
    );
    let (_connector, rows) = place.repository(&later).await;
    let stored = rows
        .create(r#"{"id": "b", "weight": -0.0, "note": "", "tags": ["x"]}"#)
        .await
        .expect("created");
    let keys = ["a", "b"].map(protoloop_repository::Key::from);
    let cx = protoloop_core::CallContext::new();
    let found = rows.0.find_by_ids(&cx, &keys).await.expect("reads");
    assert_eq!(
        found[0],
        Some(rows.record(r#"{"id": "a", "title": "milk"}"#))
    );
    assert_eq!(found[1].as_ref(), Some(&stored));
}

#[tokio::test]
async fn a_file_that_cannot_be_made_says_why() {
    let place = Place::new();
    place.open().await.close().await;
    let url = place.url();
    let folder = url.trim_end_matches("/test.db");
    for (url, why) in [
        (folder.to_owned(), "is a folder"),
        (format!("{folder}/no/a.db"), "/no is missing"),
    ] {
        let error = SqliteConnector::open(&url).await.expect_err("no file");
        assert_eq!(error.code(), Code::Unavailable);
        assert!(error.message().ends_with(why), "{error}");
    }
}

#[tokio::test]
async fn a_second_start_changes_nothing() {
    let place = Place::new();
    for _ in 0..2 {
        let (connector, _rows) = place.repository(TODO).await;
        connector
            .prepare(&models(TODO))
            .await
            .expect("prepares again");
        connector.close().await;
    }
}

#[tokio::test]
async fn a_table_that_does_not_fit_stops_the_start_with_every_difference() {
    let place = Place::new();
    let (connector, _rows) = place.repository(TODO).await;
    connector.close().await;
    let other = TODO
        .replace("string title = 2;", "repeated string title = 2;")
        .replace("int64 count = 4;", "int32 count = 4; string later = 5;");
    let connector = place.open().await;
    let error = connector
        .prepare(&models(&other))
        .await
        .expect_err("does not fit");
    assert_eq!(error.code(), Code::FailedPrecondition);
    for expected in [
        "table todos: column title is string, the model needs list string (TEXT)",
        "rebuild table todos: count to INTEGER NOT NULL (contract, destructive, long) is needed and was not allowed",
    ] {
        assert!(error.message().contains(expected), "{error}");
    }
    // Nothing was added either, so the old models still fit exactly.
    connector
        .prepare(&models(TODO))
        .await
        .expect("fits as before");
}

#[tokio::test]
async fn a_file_of_before_there_was_a_record_goes_on_working() {
    let place = Place::new();
    place
        .sql(
            "CREATE TABLE \"todos\" ( \"id\" TEXT NOT NULL PRIMARY KEY, \"title\" TEXT NOT NULL DEFAULT (''), \
             \"done\" INTEGER NOT NULL DEFAULT (0), \"count\" INTEGER NOT NULL DEFAULT (0) ) STRICT; \
             INSERT INTO todos VALUES ('a', 'milk', 0, 1)",
        )
        .await;
    let (connector, rows) = place.repository(TODO).await;
    assert_eq!(rows.count().await, 1);
    connector.close().await;
    let renamed = TODO.replace("string title = 2;", "string name = 2;");
    let (_connector, rows) = place.repository(&renamed).await;
    let keys = ["a"].map(protoloop_repository::Key::from);
    let cx = protoloop_core::CallContext::new();
    let found = rows.0.find_by_ids(&cx, &keys).await.expect("reads");
    let wanted = rows.record(r#"{"id": "a", "name": "milk", "count": 1}"#);
    assert_eq!(found, [Some(wanted)]);
}

#[tokio::test]
async fn a_model_that_was_not_prepared_has_no_repository() {
    let place = Place::new();
    let connector = place.open().await;
    let error = connector
        .repository(&models(TODO)[0])
        .err()
        .expect("refused");
    assert_eq!(error.code(), Code::FailedPrecondition);
}
