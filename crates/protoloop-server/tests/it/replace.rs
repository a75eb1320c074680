//! Another schema or other handlers while the server runs.

use std::{sync::Arc, time::Duration};

use protoloop_core::{BoxFuture, Call, Handler, Reply, Result};
use protoloop_server::{Dispatcher, Replacer, ServerConfig};
use tonic::Code;

use crate::{
    client::{Running, builder},
    fixture::{read, tables, text},
    http1,
};

/// Answers everything with one text.
struct Says(&'static str);

impl Handler for Says {
    fn call(&self, _: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async { Ok(Reply::unary(text(self.0))) })
    }
}

fn replace(replacer: &Replacer, says: &'static str) {
    let tables = tables();
    let handler: Arc<dyn Handler> = Arc::new(Says(says));
    let dispatcher =
        Dispatcher::new(Arc::clone(tables.schema())).methods(|_| Some(Arc::clone(&handler)));
    replacer
        .replace(&tables, dispatcher)
        .expect("a good schema");
}

async fn start() -> (Running, Replacer) {
    let server = builder(ServerConfig::default()).build().expect("valid");
    let replacer = server.replacer();
    (Running::serve(server).await, replacer)
}

#[tokio::test]
async fn later_calls_of_one_connection_meet_the_new_handlers() {
    let (server, replacer) = start().await;
    let mut client = server.client().await;
    let before = client.unary("Say", text("hi")).await.expect("an answer");
    assert_eq!(read(before.get_ref()), "hi");
    replace(&replacer, "new");
    let after = client.unary("Say", text("hi")).await.expect("an answer");
    assert_eq!(read(after.get_ref()), "new");
}

#[tokio::test]
async fn calls_in_flight_finish_on_the_old_ones() {
    let (server, replacer) = start().await;
    let mut client = server.client().await;
    let mut stream = client
        .server_streaming("Repeat", text("endless"))
        .await
        .expect("a stream");
    stream
        .message()
        .await
        .expect("no error")
        .expect("a message");
    let mut other = server.client().await;
    let slow = tokio::spawn(async move { other.unary("Sleep", text("200")).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    replace(&replacer, "new");
    let second = stream.message().await.expect("no error");
    assert_eq!(read(&second.expect("a message")), "endless");
    let slow = slow.await.expect("no panic").expect("an answer");
    assert_eq!(read(slow.get_ref()), "200");
}

#[tokio::test]
async fn a_method_that_is_gone_is_unimplemented() {
    let (server, replacer) = start().await;
    let mut client = server.client().await;
    let empty = Arc::new(protoloop_schema::Schema::from_descriptor_set(&[]).expect("nothing"));
    let nothing = protoloop_wire::Tables::new(&empty);
    replacer
        .replace(&nothing, Dispatcher::new(empty))
        .expect("a schema of nothing");
    let status = client.unary("Say", text("hi")).await.expect_err("gone");
    assert_eq!(status.code(), Code::Unimplemented);
    let ready = http1::send(server.addr, http1::get("/readyz")).await;
    assert_eq!(ready.status(), 200);
}
