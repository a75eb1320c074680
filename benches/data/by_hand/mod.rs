//! The same service as one would write it by hand: tonic and axum over sqlx, one statement per request, prepared once per
//! connection.

mod grpc;
mod model;
mod rest;
mod store;

use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::transport::{Server, server::TcpIncoming};

pub(crate) use model::{
    CreateItemRequest, GetItemRequest, Item, ListAuthorsRequest, ListItemsRequest,
    UpdateItemRequest,
};
pub(crate) use store::Store;

/// Serves gRPC on a free port.
pub(crate) async fn start_tonic(store: Store) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder()
        .add_service(grpc::Items(store.clone()))
        .add_service(grpc::Authors(store));
    tokio::spawn(server.serve_with_incoming(incoming));
    address
}

/// Serves REST on a free port.
pub(crate) async fn start_axum(store: Store) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("a bound listener");
    let router = rest::router(store);
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        stream.set_nodelay(true).expect("TCP_NODELAY");
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
