//! The laws that every connector keeps.

use std::sync::Arc;

use protoloop_repository::{Connector, laws};
use protoloop_testing::{databases, tables};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_laws_are_kept() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let broken = laws::run(&tables(laws::PROTO), || async {
        let connector = protoloop_mysql::open(&server.database()).await;
        Arc::new(connector.expect("opens")) as Arc<dyn Connector>
    })
    .await;
    assert!(broken.is_empty(), "{broken:#?}");
}
