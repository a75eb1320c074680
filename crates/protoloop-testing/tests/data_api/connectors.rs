//! A fresh store for each test.

use std::sync::Arc;

use protoloop_repository::{Connector, MemoryConnector};
use protoloop_testing::databases;

pub(crate) async fn memory(row: impl AsyncFnOnce(Arc<dyn Connector>)) {
    row(Arc::new(MemoryConnector::new())).await;
}

pub(crate) async fn sqlite(row: impl AsyncFnOnce(Arc<dyn Connector>)) {
    let connector = protoloop_sqlite::SqliteConnector::open("sqlite::memory:").await;
    row(Arc::new(connector.unwrap())).await;
}

pub(crate) async fn postgres(row: impl AsyncFnOnce(Arc<dyn Connector>)) {
    let Some(server) = databases::postgres() else {
        return;
    };
    let connector = protoloop_postgres::open(&server.database()).await.unwrap();
    on_server(Arc::new(connector), row).await;
}

pub(crate) async fn mariadb(row: impl AsyncFnOnce(Arc<dyn Connector>)) {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let connector = protoloop_mysql::open(&server.database()).await.unwrap();
    on_server(Arc::new(connector), row).await;
}

/// Connections are closed, so that tests that run at once do not take all that the server has.
async fn on_server(connector: Arc<dyn Connector>, row: impl AsyncFnOnce(Arc<dyn Connector>)) {
    row(Arc::clone(&connector)).await;
    connector.close().await;
}
