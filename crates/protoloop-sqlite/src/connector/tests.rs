//! What needs a hand on the connection that writes.

#[path = "../../tests/it/support.rs"]
#[allow(dead_code, reason = "shared with the integration tests")]
mod support;

use protoloop_core::Code;
use support::{Place, Rows, TODO};

use super::SqliteConnector;
use crate::arguments::run;

/// A row of two megabytes, which no bounded database takes.
fn large(id: &str) -> String {
    let title = "x".repeat(2 << 20);
    format!(r#"{{"id": "{id}", "title": "{title}"}}"#)
}

/// Bounds the database to its size for as long as the writing connection lives: larger writes are SQLITE_FULL, after
/// which a connection is of no more use.
async fn fill(connector: &SqliteConnector) {
    let mut writer = connector.store.write().await.expect("open");
    let bound = "PRAGMA max_page_count = 1";
    run(&mut writer, bound).await.expect("a pragma");
}

#[tokio::test]
async fn a_writer_that_failed_for_good_is_opened_anew() {
    let place = Place::new();
    let (connector, rows) = place.repository(TODO).await;
    rows.create(r#"{"id": "a"}"#).await.expect("created");
    for round in 0..2 {
        fill(&connector).await;
        let id = format!("b{round}");
        let error = rows.create(&large(&id)).await.expect_err("full");
        assert_eq!(error.code(), Code::Unavailable);
        assert_eq!(error.message(), "the database is full");
        // The bound went with the connection.
        let again = rows.create(&large(&id)).await;
        again.expect("created over a new connection");
        assert_eq!(rows.count().await, 2 + round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_shared_a_failed_writer_all_hear_of_it() {
    let place = Place::new();
    let (connector, rows) = place.repository(TODO).await;
    fill(&connector).await;
    let create = |rows: Rows, id: String| async move { rows.create(&large(&id)).await };
    let mut tasks = tokio::task::JoinSet::new();
    // While the test holds the writer, the calls gather and share a transaction.
    let writer = connector.store.write().await.expect("open");
    for number in 0..8 {
        tasks.spawn(create(rows.clone(), format!("t{number}")));
    }
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    drop(writer);
    let answers = tasks.join_all().await;
    let failed = answers.iter().filter_map(|answer| answer.as_ref().err());
    let mut failed_count = 0;
    for error in failed {
        assert_eq!(error.code(), Code::Unavailable, "{error:?}");
        failed_count += 1;
    }
    assert!(failed_count > 0, "nobody met the bound");
    let kept = rows.count().await;
    assert_eq!(
        kept + failed_count,
        8,
        "what was acknowledged is there, and nothing else"
    );
    rows.create(r#"{"id": "last"}"#).await.expect("created");
    assert_eq!(rows.count().await, kept + 1);
}
