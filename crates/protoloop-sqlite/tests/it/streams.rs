//! Rows as they come.

use protoloop_sqlite::SqliteConnector;
use protoloop_testing::streams;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_takes_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("a.db").display());
    let connector = SqliteConnector::open(&url).await.expect("opens");
    let numbers = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 100000) SELECT n FROM s";
    let filling = streams::filling(numbers, "hex(zeroblob(500))");
    streams::take_little(&connector, &filling).await;
}
