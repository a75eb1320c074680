//! An upstream made by hand, which answers what no well-behaved library would.

use std::{convert::Infallible, net::SocketAddr, sync::mpsc, thread};

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    header::{HeaderMap, HeaderName, HeaderValue},
    server::conn::http2,
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// What it answers to one call.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) data: Vec<Bytes>,
    /// How the response ends.
    pub(crate) end: End,
}

#[derive(Clone, Debug)]
pub(crate) enum End {
    Trailers(Vec<(&'static str, &'static str)>),
    /// In order, without trailers.
    Bare,
    /// By a reset of the stream.
    Reset,
}

impl Answer {
    /// A message with status OK.
    pub(crate) fn message(message: &[u8]) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "application/grpc")],
            data: vec![frame(0, message)],
            end: End::Trailers(vec![("grpc-status", "0")]),
        }
    }

    /// A status and no message.
    pub(crate) fn trailers(trailers: &[(&'static str, &'static str)]) -> Self {
        Self {
            data: vec![],
            end: End::Trailers(trailers.to_vec()),
            ..Self::message(b"")
        }
    }
}

/// A message with gRPC's prefix.
pub(crate) fn frame(flag: u8, message: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(flag);
    frame.put_u32(u32::try_from(message.len()).expect("small"));
    frame.put_slice(message);
    frame.freeze()
}

/// Starts it on a thread of its own; it answers by the request's message, without the prefix, and lives as long as the
/// test process.
pub(crate) fn start(
    answer: impl Fn(&str, &[u8]) -> Answer + Clone + Send + Sync + 'static,
) -> SocketAddr {
    let (sender, address) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            sender
                .send(listener.local_addr().expect("bound"))
                .expect("somebody waits");
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let answer = answer.clone();
                let service = service_fn(move |request| respond(request, answer.clone()));
                let connection = http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
    });
    address.recv().expect("it listens")
}

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

async fn respond(
    request: Request<Incoming>,
    answer: impl Fn(&str, &[u8]) -> Answer,
) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let body = request
        .into_body()
        .collect()
        .await
        .expect("a request")
        .to_bytes();
    let answer = if path.starts_with("/grpc.health") {
        Answer::trailers(&[("grpc-status", "12")])
    } else {
        answer(&path, body.get(5..).unwrap_or_default())
    };
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    for data in answer.data {
        sender.send(Ok(Frame::data(data))).expect("open");
    }
    match answer.end {
        End::Trailers(trailers) => sender
            .send(Ok(Frame::trailers(map(&trailers))))
            .expect("open"),
        End::Reset => sender
            .send(Err(std::io::Error::other("reset")))
            .expect("open"),
        End::Bare => {}
    }
    let mut response = Response::new(StreamBody::new(Frames(receiver)).boxed_unsync());
    *response.status_mut() = answer.status.try_into().expect("a status");
    *response.headers_mut() = map(&answer.headers);
    Ok(response)
}

fn map(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    pairs.iter().map(pair).collect()
}

struct Frames(tokio::sync::mpsc::UnboundedReceiver<Result<Frame<Bytes>, std::io::Error>>);

impl tonic::codegen::tokio_stream::Stream for Frames {
    type Item = Result<Frame<Bytes>, std::io::Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
