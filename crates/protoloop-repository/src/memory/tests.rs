use std::sync::Arc;

use futures_util::FutureExt as _;

use crate::{Connector, MemoryConnector, laws, testing::tables};

#[test]
fn the_memory_connector_keeps_the_laws() {
    let fresh = || async { Arc::new(MemoryConnector::new()) as Arc<dyn Connector> };
    // Nothing waits for anything outside, so one poll goes through.
    let broken = laws::run(tables(), fresh).now_or_never().expect("ready");
    let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
