//! The server that the official Connect conformance suite drives.

mod answer;
mod service;
mod start;

#[allow(
    dead_code,
    missing_docs,
    clippy::all,
    clippy::use_self,
    unreachable_pub,
    reason = "generated code"
)]
mod v1 {
    include!(concat!(env!("OUT_DIR"), "/connectrpc.conformance.v1.rs"));
}

use std::sync::Arc;

use protoloop_core::Handler;
use protoloop_schema::Schema;
use protoloop_server::{Dispatcher, Server};
use protoloop_wire::Tables;
use tokio::net::TcpListener;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

#[tokio::main]
async fn main() -> Fallible<()> {
    let request = start::read().await?;
    let schema = Arc::new(Schema::from_descriptor_set(DESCRIPTORS)?);
    let tables = Tables::new(&schema);
    let dispatcher = Dispatcher::new(schema).methods(|method| {
        let handler: Arc<dyn Handler> = match &*method.info.name {
            "Unary" | "IdempotentUnary" => Arc::new(service::Unary),
            "ClientStream" => Arc::new(service::ClientStream),
            "ServerStream" => Arc::new(service::ServerStream),
            "BidiStream" => Arc::new(service::BidiStream),
            _ => return None,
        };
        Some(handler)
    });
    let folder = tempfile::tempdir()?;
    let config = start::config(&request, folder.path())?;
    let server = Server::builder(tables, dispatcher).config(config).build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    start::tell(&request, listener.local_addr()?).await?;
    // The suite ends it.
    server.serve(listener, std::future::pending()).await;
    Ok(())
}
