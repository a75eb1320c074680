//! A server on a free port, and clients that send bytes.

use std::{future::Future, net::SocketAddr};

use bytes::{Buf as _, BufMut as _, Bytes};
use futures_util::Stream;
use http::uri::PathAndQuery;
use protoloop_server::{Server, ServerBuilder, ServerConfig};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use tonic::{
    Request, Response, Status, Streaming,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};

use crate::fixture::{dispatcher, tables};

/// A running server; it stops in order when told, or is cut off when dropped.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(builder: ServerBuilder) -> Self {
        Self::serve(builder.build().expect("a good configuration")).await
    }

    pub(crate) async fn serve(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self::serve_on(server, listener)
    }

    /// The same on a listener of the test's.
    pub(crate) fn serve_on(server: Server, listener: TcpListener) -> Self {
        let addr = listener.local_addr().expect("a bound listener");
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            // A dropped sender means the same as a message.
            drop(stopped.await);
        };
        let task = tokio::spawn(server.serve(listener, shutdown));
        Self {
            addr,
            stop: Some(stop),
            task,
        }
    }

    pub(crate) async fn client(&self) -> Client {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.addr)).expect("a URL");
        Client::over(endpoint.connect().await.expect("a connection"))
    }

    /// Asks it to stop; the future ends when it has.
    pub(crate) fn stop(mut self) -> impl Future<Output = ()> {
        drop(self.stop.take());
        async move { self.task.await.expect("no panic") }
    }
}

pub(crate) fn builder(config: ServerConfig) -> ServerBuilder {
    let tables = tables();
    let dispatcher = dispatcher(&tables);
    Server::builder(tables, dispatcher).config(config)
}

pub(crate) async fn start() -> Running {
    Running::start(builder(ServerConfig::default())).await
}

/// Calls `echo.v1.Echo`.
pub(crate) struct Client {
    grpc: Grpc<Channel>,
}

impl Client {
    pub(crate) fn over(channel: Channel) -> Self {
        Self {
            grpc: Grpc::new(channel),
        }
    }

    pub(crate) fn channel(&self) -> Grpc<Channel> {
        self.grpc.clone()
    }

    pub(crate) async fn unary(
        &mut self,
        method: &str,
        request: impl tonic::IntoRequest<Bytes>,
    ) -> Result<Response<Bytes>, Status> {
        self.grpc.ready().await.expect("a ready channel");
        let request = request.into_request();
        self.grpc.unary(request, path(method), RawCodec).await
    }

    pub(crate) async fn server_streaming(
        &mut self,
        method: &str,
        message: Bytes,
    ) -> Result<Streaming<Bytes>, Status> {
        self.grpc.ready().await.expect("a ready channel");
        let request = Request::new(message);
        let answer = self.grpc.server_streaming(request, path(method), RawCodec);
        Ok(answer.await?.into_inner())
    }

    pub(crate) async fn streaming<S>(
        &mut self,
        method: &str,
        messages: S,
    ) -> Result<Streaming<Bytes>, Status>
    where
        S: Stream<Item = Bytes> + Send + 'static,
    {
        self.grpc.ready().await.expect("a ready channel");
        let request = Request::new(messages);
        let answer = self.grpc.streaming(request, path(method), RawCodec).await;
        Ok(answer?.into_inner())
    }
}

fn path(method: &str) -> PathAndQuery {
    let path = format!("/echo.v1.Echo/{method}");
    path.parse().expect("a path")
}

/// Sends and receives messages as they are.
#[derive(Clone, Copy)]
pub(crate) struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
