use protoloop_core::{CallContext, Code};

use super::{KeyValueRepository as _, KeyValues};
use crate::{MemoryConnector, Record};

#[tokio::test]
async fn stores_have_names() {
    let connector = MemoryConnector::new();
    for name in ["", &"s".repeat(65)] {
        let store = KeyValues::<Record>::open(&connector, name).await;
        assert_eq!(store.expect_err("refused").code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn expired_values_are_swept_as_others_are_stored() {
    let connector = MemoryConnector::new();
    let store = KeyValues::<Record>::open(&connector, "s").await;
    let store = store.expect("opened");
    let cx = CallContext::new();
    let value = || Record(bytes::Bytes::from_static(b"v"));
    for number in 0..900 {
        let key = format!("k{number}");
        let ttl = Some(std::time::Duration::ZERO);
        store.set(&cx, &key, value(), ttl).await.expect("set");
    }
    for number in 0..200 {
        let key = format!("l{number}");
        store.set(&cx, &key, value(), None).await.expect("set");
    }
    assert_eq!(store.remove_expired(&cx).await.expect("swept"), 0);
    assert_eq!(store.delete_all(&cx).await.expect("deleted"), 200);
}
