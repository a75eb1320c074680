//! A gRPC client that sends the bytes it is given, well-formed or not.

use std::net::SocketAddr;

use bytes::{Buf, BufMut, Bytes};
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    codegen::http::uri::PathAndQuery,
    transport::Endpoint,
};

/// Sends one message to a method and gives the answer's bytes or the status.
pub(crate) fn unary(server: SocketAddr, path: &str, message: &[u8]) -> Result<Bytes, Status> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{server}")).expect("a valid address");
        let mut client = Grpc::new(endpoint.connect().await.expect("the server listens"));
        client.ready().await.expect("the connection is up");
        let path = PathAndQuery::try_from(path).expect("a valid path");
        let request = Request::new(Bytes::copy_from_slice(message));
        client
            .unary(request, path, Raw)
            .await
            .map(tonic::Response::into_inner)
    })
}

/// Bytes as they are.
#[derive(Clone, Copy, Debug)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
