//! How many statements calls take, by what the driver writes down. It is a program of its own, because all connections of a
//! process write to one place.

use std::sync::atomic::{AtomicUsize, Ordering};

use protoloop_sqlite::SqliteConnector;
use protoloop_testing::statements;
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt as _},
    util::SubscriberInitExt as _,
};

static RUN: AtomicUsize = AtomicUsize::new(0);

/// Counts what it is told.
struct Counts;

impl<S: Subscriber> Layer<S> for Counts {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        RUN.fetch_add(1, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    let statements = Targets::new().with_target("sqlx::query", tracing::Level::TRACE);
    tracing_subscriber::registry()
        .with(Counts.with_filter(statements))
        .init();
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    let connector = SqliteConnector::open(&url).await.expect("opens");
    let counts = statements::of_requests(&connector, || RUN.load(Ordering::SeqCst)).await;
    // What begins and ends a transaction is not written down; calls that come at once share one.
    let due = [
        ("create", 1),
        ("create, referring", 1),
        ("create many", 3),
        ("get", 1),
        ("get many", 1),
        ("list", 1),
        ("list with a filter", 1),
        ("count", 1),
        ("get with one", 2),
        ("list with many", 2),
        ("update", 1),
        ("update, stamped", 1),
        ("delete", 2),
    ];
    assert_eq!(counts, due);
}
