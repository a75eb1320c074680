//! What a start does about a database.

use std::sync::Arc;

use protoloop_core::Code;
use protoloop_migrate::Options;
use protoloop_repository::{KeyValues, OnStart, Record};

use super::{Migrated, apply, execute, model, models, state};

/// An empty database gets its tables; afterwards a difference is told with what mends it, and mended only when asked.
///
/// # Panics
/// When that is not so.
pub async fn starts(connector: &impl Migrated) {
    let first = models(&model("Book", "string title = 2;"));
    let refused = connector.prepare_as(&first, OnStart::Check).await;
    let refused = refused.expect_err("nothing is there");
    assert!(
        refused.message().contains("create table books"),
        "{refused:?}"
    );
    assert!(state(connector).await.live.tables.is_empty());
    // A key-value store makes no database one that is in use.
    KeyValues::<Record>::open(connector, "one")
        .await
        .expect("opens");
    connector.prepare(&first).await.expect("makes the tables");
    connector.prepare(&first).await.expect("finds them made");
    let second = models(&model("Book", "string name = 2; int32 pages = 3;"));
    let refused = connector.prepare(&second).await.expect_err("they differ");
    assert_eq!(refused.code(), Code::FailedPrecondition);
    for part in [
        "rename column books.title to name",
        "add column books.pages",
        "`protoloop migrate apply`",
    ] {
        assert!(refused.message().contains(part), "{refused:?}");
    }
    KeyValues::<Record>::open(connector, "two")
        .await
        .expect("opens");
    let applied = connector.prepare_as(&second, OnStart::Apply).await;
    applied.expect("brings it up to date");
    connector.prepare(&second).await.expect("fits");
    // What others did is found as well.
    execute(connector, "ALTER TABLE books DROP COLUMN pages")
        .await
        .expect("drops");
    let refused = connector.prepare(&second).await.expect_err("they differ");
    assert!(
        refused.message().contains("add column books.pages"),
        "{refused:?}"
    );
}

/// Of ten that start at once, one makes the tables, and of ten that migrate, one migrates; the others find it done.
///
/// # Panics
/// When that is not so.
pub async fn together<C: Migrated>(open: impl AsyncFn() -> C) {
    let first = Arc::new(models(&model("Book", "string title = 2;")));
    let second = models(&model(
        "Book",
        "string name = 2 [(protoloop.v1.field) = { index: true }];",
    ));
    let second = Arc::new(second);
    let mut connectors = Vec::new();
    for _ in 0..10 {
        connectors.push(Arc::new(open().await));
    }
    let mut starts = Vec::new();
    for connector in connectors.iter().map(Arc::clone) {
        let first = Arc::clone(&first);
        starts.push(tokio::spawn(async move { connector.prepare(&first).await }));
    }
    for start in starts {
        start.await.expect("ends").expect("starts");
    }
    assert_eq!(state(&*connectors[0]).await.journal.len(), 1);
    let mut tasks = Vec::new();
    for connector in connectors.iter().map(Arc::clone) {
        let second = Arc::clone(&second);
        tasks.push(tokio::spawn(async move {
            let applied = apply(&*connector, &second, Options::default()).await;
            applied.expect("applies").ids.len()
        }));
    }
    let mut ids = 0;
    for task in tasks {
        ids += task.await.expect("ends");
    }
    assert_eq!(ids, 1);
}
