//! Reads by key that wait for a connection.

use protoloop_sqlite::SqliteConnector;
use protoloop_testing::statements::{READS, of_reads_at_once};

use crate::support::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_wait_share_a_statement() {
    let place = Place::new();
    let url = format!("{}?readers=2", place.url());
    let connector = SqliteConnector::open(&url).await.expect("opens");
    let told = || usize::try_from(connector.gathered().statements).expect("few");
    let shared = of_reads_at_once(&connector, 2, told).await;
    let gathered = connector.gathered();
    assert!((1..=READS / 10).contains(&shared), "{gathered:?}");
    assert!(gathered.reads > gathered.statements * 10, "{gathered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_a_statement_each_where_they_are_told_to() {
    let place = Place::new();
    let url = format!("{}?readers=2&gather=off", place.url());
    let connector = SqliteConnector::open(&url).await.expect("opens");
    of_reads_at_once(&connector, 2, || 0).await;
    assert_eq!(connector.gathered().statements, 0);
}
