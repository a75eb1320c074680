//! The laws that every connector keeps.

use std::sync::Arc;

use protoloop_repository::{Connector, laws};
use protoloop_sqlite::SqliteConnector;
use protoloop_testing::tables;

use crate::support::Place;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_laws_are_kept_in_a_file() {
    let mut places = Vec::new();
    let broken = laws::run(&tables(laws::PROTO), || {
        let place = Place::new();
        let url = place.url();
        places.push(place);
        open(url)
    })
    .await;
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_laws_are_kept_in_memory() {
    let tables = tables(laws::PROTO);
    let broken = laws::run(&tables, || open("sqlite::memory:".to_owned())).await;
    assert!(broken.is_empty(), "{broken:#?}");
}

async fn open(url: String) -> Arc<dyn Connector> {
    Arc::new(SqliteConnector::open(&url).await.expect("opens"))
}
