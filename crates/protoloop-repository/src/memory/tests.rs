use std::sync::Arc;

use crate::{Connector, MemoryConnector, laws, testing::tables};

#[tokio::test]
async fn the_memory_connector_keeps_the_laws() {
    let fresh = || async { Arc::new(MemoryConnector::new()) as Arc<dyn Connector> };
    let broken = laws::run(tables(), fresh).await;
    let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
