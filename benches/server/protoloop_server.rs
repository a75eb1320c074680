//! The zero-code todo on the memory connector, as `protoloop serve` runs it, without logs.

use std::{net::SocketAddr, path::PathBuf};

use protoloop::{Application, MemoryConnector};
use tokio::net::TcpListener;

pub(crate) async fn start() -> SocketAddr {
    let proto = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/todo/todo.proto");
    let compiled = protoloop_build::compile(&[proto], &[]).expect("the example compiles");
    let server = Application::from_schema(compiled.schema)
        .datasource("default", MemoryConnector::new())
        .build()
        .await
        .expect("the example is complete");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    tokio::spawn(server.serve(listener, std::future::pending()));
    address
}
