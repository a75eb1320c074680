//! Tables that others use while they change.

use std::time::{Duration, Instant};

use protoloop_core::CallContext;
use protoloop_migrate::Options;
use protoloop_repository::TransactionOptions;

use super::{Migrated, apply, create, found, model, models, rows};

/// How long a transaction is open that has read the table.
const OPEN: Duration = Duration::from_millis(2_500);

/// A step that finds its table in use lets those pass that come behind it, and is done when the table is free. The
/// connector is to wait for locks a second at most.
///
/// # Panics
/// When it is not so.
pub async fn waits_in_turns(connector: &impl Migrated) {
    let before = models(&model("Book", "string title = 2;"));
    connector.prepare(&before).await.expect("an empty database");
    let books = rows(connector, &before).await;
    create(&books, r#"{"id": "x", "title": "T"}"#).await;
    let reading = books
        .begin(&CallContext::new(), &TransactionOptions::new())
        .await
        .expect("begins");
    let seen = books.find_by_key(reading.cx(), &"x".into()).await;
    assert!(seen.expect("reads").is_some());
    let after = models(&model("Book", "string title = 2; int32 pages = 3;"));
    let applying = async {
        let begun = Instant::now();
        let applied = apply(connector, &after, Options::default()).await;
        applied.expect("applies when it may");
        assert!(begun.elapsed() >= OPEN, "{:?}", begun.elapsed());
    };
    let others = async {
        let (begun, mut longest) = (Instant::now(), Duration::ZERO);
        while begun.elapsed() < OPEN {
            let read = Instant::now();
            found(&books, "x").await.expect("is there");
            longest = longest.max(read.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // They wait behind the step no longer than it waits itself.
        assert!(longest < OPEN - Duration::from_millis(300), "{longest:?}");
        reading.commit().await.expect("ends");
    };
    tokio::join!(applying, others);
}
