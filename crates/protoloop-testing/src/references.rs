//! Keys that refer to rows, kept by us, from several calls at once.

use std::{sync::Arc, time::Duration};

use protoloop_core::CallContext;
use protoloop_repository::{
    Connector, Key, Managed, Model, Record, Repository as _, RepositoryExt as _, TransactionOptions,
};
use protoloop_wire::json;
use tokio::time::timeout;

use crate::tables;

const PROTO: &str = r#"
syntax = "proto3";
package held.v1;
import "protoloop/v1/annotations.proto";
message Tag {
  option (protoloop.v1.model) = {};
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
}
message Post {
  option (protoloop.v1.model) = {};
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  repeated string tag_ids = 2;
  repeated Tag tags = 3 [(protoloop.v1.relation) = { references_many: { key: "tag_ids" } }];
}
"#;

/// How long a call may take that waits for nobody.
const SOON: Duration = Duration::from_secs(5);
/// How long one is given that waits.
const WHILE: Duration = Duration::from_millis(300);

fn row(model: &Model, text: &str) -> Record {
    let options = json::DecodeOptions::default();
    let message = model.entity().message;
    let wire = json::decode(model.tables(), message, text.as_bytes(), &options);
    Record(wire.expect("a row").into())
}

/// Rows that refer to one row are stored by several transactions at once, and whoever removes that row waits for them.
///
/// # Panics
/// When one waits for another, or a key comes to refer to nothing.
pub async fn are_held_together<C: Connector>(connector: &C) {
    let models = Model::all(&tables(PROTO)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    let [tags, posts] = ["held.v1.Tag", "held.v1.Post"].map(|name| {
        let model = models.iter().find(|model| model.full_name() == name);
        let rows = connector.repository(model.expect("declared"));
        Arc::new(Managed::new(rows.expect("prepared")))
    });
    let cx = CallContext::new();
    let tag = row(tags.model(), r#"{"id":"t"}"#);
    tags.create(&cx, tag).await.expect("stored");
    let options = TransactionOptions::new();
    let [one, other] = [
        connector.begin(&cx, &options).await.expect("begun"),
        connector.begin(&cx, &options).await.expect("begun"),
    ];
    let post = |id: &str| row(posts.model(), &format!(r#"{{"id":"{id}","tagIds":["t"]}}"#));
    posts.create(one.cx(), post("1")).await.expect("stored");
    let second = timeout(SOON, posts.create(other.cx(), post("2"))).await;
    second.expect("it waits for nobody").expect("stored");
    let key = Key::from("t");
    let (again, by) = (cx.clone(), Arc::clone(&tags));
    let removing = tokio::spawn(async move { by.delete_by_id(&again, &key).await });
    tokio::time::sleep(WHILE).await;
    assert!(!removing.is_finished(), "a row that is held was removed");
    one.commit().await.expect("committed");
    other.commit().await.expect("committed");
    let outcome = removing.await.expect("no panic");
    let error = outcome.expect_err("it is referred to");
    assert_eq!(error.code(), protoloop_core::Code::FailedPrecondition);
}
