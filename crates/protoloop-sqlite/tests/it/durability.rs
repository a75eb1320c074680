//! What was acknowledged is there.

use protoloop_core::CallContext;
use protoloop_repository::{Connector as _, Key};

use crate::support::{Place, TODO};

#[tokio::test]
async fn rows_are_there_after_a_reopening() {
    let place = Place::new();
    let (connector, rows) = place.repository(TODO).await;
    let stored = rows
        .create(r#"{"id": "a", "title": "milk"}"#)
        .await
        .expect("created");
    connector.close().await;
    let cx = CallContext::new();
    let error = rows
        .0
        .find_by_key(&cx, &Key::from("a"))
        .await
        .expect_err("closed");
    assert_eq!(error.code(), protoloop_core::Code::Unavailable);

    let (_connector, rows) = place.repository(TODO).await;
    let found = rows
        .0
        .find_by_key(&cx, &Key::from("a"))
        .await
        .expect("reads");
    assert_eq!(found, Some(stored));
}

/// The process is gone without a close: another one finds the write in the log.
#[tokio::test]
async fn a_row_is_there_for_another_connector_at_once() {
    let place = Place::new();
    let (first, rows) = place.repository(TODO).await;
    rows.create(r#"{"id": "a"}"#).await.expect("created");
    let (_second, others) = place.repository(TODO).await;
    assert_eq!(others.count().await, 1);
    drop(first);
}

#[tokio::test]
async fn numbers_are_not_given_twice() {
    let proto = TODO.replace(
        "string id = 1 [(protoloop.v1.field) = { id: CLIENT }]",
        "uint64 id = 1 [(protoloop.v1.field) = { id: SEQUENCE }]",
    );
    let place = Place::new();
    let (connector, rows) = place.repository(&proto).await;
    for expected in 1..=3u64 {
        let row = rows.create("{}").await.expect("created");
        assert_eq!(
            rows.model().find_key(row.as_ref()),
            Some(Key::from(expected))
        );
    }
    let cx = CallContext::new();
    let delete = protoloop_repository::Write::Delete {
        key: Key::from(3u64),
        check: Box::new(|_| Ok(())),
    };
    rows.0.write(&cx, vec![delete]).await.expect("deleted");
    connector.close().await;
    let (_connector, rows) = place.repository(&proto).await;
    let row = rows.create("{}").await.expect("created");
    assert_eq!(rows.model().find_key(row.as_ref()), Some(Key::from(4u64)));
}

#[tokio::test]
async fn a_database_in_memory_works_and_ends_with_the_connector() {
    let connector = protoloop_sqlite::SqliteConnector::open("sqlite::memory:")
        .await
        .expect("opens");
    let models = crate::support::models(TODO);
    connector.prepare(&models).await.expect("prepares");
    let rows = crate::support::Rows(connector.repository(&models[0]).expect("prepared"));
    rows.create(r#"{"id": "a"}"#).await.expect("created");
    assert_eq!(rows.count().await, 1);
    connector.ping().await.expect("answers");
}
