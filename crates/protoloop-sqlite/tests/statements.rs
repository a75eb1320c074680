//! How many statements calls take, by what the driver logs. A program of its own, since the log does not say whose they are.

use std::sync::atomic::{AtomicUsize, Ordering};

use protoloop_sqlite::SqliteConnector;
use protoloop_testing::statements::of_requests;
use tracing::{Event, Metadata, Subscriber, span};

/// Statements until now; what begins and ends a transaction is not logged.
static STATEMENTS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        STATEMENTS.fetch_add(1, Ordering::SeqCst);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    tracing::subscriber::set_global_default(Counting).expect("the only one");
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    let connector = SqliteConnector::open(&url).await.expect("opens");
    let counts = of_requests(&connector, || STATEMENTS.load(Ordering::SeqCst)).await;
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
