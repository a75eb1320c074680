//! Errors name what a caller can mend and tell nothing of the database.

use std::time::{Duration, Instant};

use protoloop_core::{CallContext, Code, Detail};
use protoloop_repository::{Connector as _, Filter, Key, OrderBy, Query, Write};

use crate::support::{Place, Rows, TODO};

const BOOK: &str = r#"
syntax = "proto3";
package book.v1;
import "protoloop/v1/annotations.proto";
message Book {
  option (protoloop.v1.model) = { indexes: [{ fields: ["shelf", "place"] unique: true }] };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  optional string isbn = 2 [(protoloop.v1.field) = { unique: true }];
  optional string shelf = 3;
  optional int32 place = 4;
}
"#;

fn fields(error: &protoloop_core::Error) -> Option<&str> {
    error.details().iter().find_map(|detail| match detail {
        Detail::ErrorInfo { metadata, .. } => metadata
            .iter()
            .find(|(name, _)| name == "fields")
            .map(|(_, value)| value.as_str()),
        _ => None,
    })
}

#[tokio::test]
async fn a_taken_value_names_its_fields() {
    let place = Place::new();
    let (_connector, rows) = place.repository(BOOK).await;
    let first = r#"{"id": "a", "isbn": "1", "shelf": "s", "place": 7}"#;
    rows.create(first).await.expect("created");
    for (json, expected) in [
        (r#"{"id": "a"}"#, "id"),
        (r#"{"id": "b", "isbn": "1"}"#, "isbn"),
        (r#"{"id": "b", "shelf": "s", "place": 7}"#, "shelf, place"),
    ] {
        let error = rows.create(json).await.expect_err(json);
        assert_eq!(error.code(), Code::AlreadyExists, "{json}");
        assert_eq!(fields(&error), Some(expected));
        assert!(!error.message().contains("constraint"), "{error}");
    }
    // Rows without a value do not meet.
    rows.create(r#"{"id": "b"}"#).await.expect("created");
    rows.create(r#"{"id": "c", "shelf": "s"}"#)
        .await
        .expect("created");
    rows.create(r#"{"id": "d", "shelf": "s"}"#)
        .await
        .expect("created");
}

#[tokio::test]
async fn nothing_is_left_of_writes_of_which_one_fails() {
    let place = Place::new();
    let (_connector, rows) = place.repository(BOOK).await;
    rows.create(r#"{"id": "a", "isbn": "1"}"#)
        .await
        .expect("created");
    let writes = vec![
        Write::Create(rows.record(r#"{"id": "b"}"#)),
        Write::Delete {
            key: Key::from("a"),
            check: Box::new(|_| Ok(())),
        },
        Write::Create(rows.record(r#"{"id": "b"}"#)),
    ];
    let failure = rows
        .0
        .write(&CallContext::new(), writes)
        .await
        .expect_err("taken");
    assert_eq!(failure.index, Some(2));
    assert_eq!(failure.error.code(), Code::AlreadyExists);
    assert_eq!(rows.count().await, 1);
}

#[tokio::test]
async fn a_row_without_key_is_refused() {
    let place = Place::new();
    let (_connector, rows) = place.repository(TODO).await;
    let error = rows.create("{}").await.expect_err("no key");
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().starts_with("id: "), "{error}");
}

#[tokio::test]
async fn a_query_is_given_up_at_the_deadline_and_its_connection_used_again() {
    let place = Place::new();
    let url = format!("{}?readers=1", place.url());
    let connector = protoloop_sqlite::SqliteConnector::open(&url)
        .await
        .expect("opens");
    let models = crate::support::models(TODO);
    connector.prepare(&models).await.expect("prepares");
    let rows = Rows(connector.repository(&models[0]).expect("prepared"));
    let writes = (0..2_000).map(|number| {
        let title = "ab".repeat(2_000);
        Write::Create(rows.record(&format!(r#"{{"id": "{number}", "title": "{title}"}}"#)))
    });
    rows.0
        .write(&CallContext::new(), writes.collect())
        .await
        .expect("created");

    let slow = Filter::parse(
        rows.model(),
        r#"regexp(title, "(a|b|ab|ba)*(a|b)*c(a|b|ab|ba)*$")"#,
    );
    let slow = slow.expect("a filter");
    let mut cx = CallContext::new();
    cx.limit_deadline(Instant::now() + Duration::from_millis(20));
    let error = rows.0.count(&cx, Some(&slow)).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);

    let mut query = Query::new(OrderBy::parse(rows.model(), "").expect("an order"));
    query.limit = Some(1);
    let found = rows
        .0
        .find(&CallContext::new(), &query)
        .await
        .expect("works again");
    assert_eq!(found.len(), 1);
    let error = rows.0.count(&cx, None).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_told_at_once() {
    let open = protoloop_sqlite::SqliteConnector::open;
    let error = open("sqlite:/no/such/folder/a.db")
        .await
        .expect_err("no folder");
    assert_eq!(error.code(), Code::Unavailable);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.db");
    std::fs::write(
        &file,
        "this is no database at all, only some text\n".repeat(100),
    )
    .expect("written");
    let error = open(&format!("sqlite:{}", file.display()))
        .await
        .expect_err("no database");
    assert_eq!(error.code(), Code::DataLoss);
}
