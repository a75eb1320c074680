//! One HTTP request to an upstream, and its response held to what gRPC asks of one.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, client::ResponseFuture};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use http_body::{Body as _, Frame};
use protoloop_core::{BoxFuture, Code, Error};
use tonic::{Status, body::Body};
use tower_service::Service;

use super::status;
use crate::{
    abort::AbortOnDrop,
    connect::Sender,
    endpoint::InFlight,
    retry::{Failure, Fate},
    upstream::{Picked, Shared},
};

/// How many connections a request may be offered to that turn out to be closed.
const OFFERS: usize = 4;

/// Sends requests: on one connection, or on whichever of an upstream works.
#[derive(Clone)]
pub(crate) struct Wire(Way);

#[derive(Clone)]
enum Way {
    Fixed(Sender),
    Picking(Arc<Shared>),
}

impl Wire {
    pub(crate) fn fixed(sender: Sender) -> Self {
        Self(Way::Fixed(sender))
    }

    pub(crate) fn picking(upstream: Arc<Shared>) -> Self {
        Self(Way::Picking(upstream))
    }
}

impl Service<Request<Body>> for Wire {
    type Response = Response<ResponseBody>;
    type Error = SendError;
    type Future = BoxFuture<'static, Result<Self::Response, SendError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let way = self.0.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let head = Request::from_parts(head, ());
            let (begun, in_flight) = match way {
                Way::Fixed(mut sender) => {
                    let begun = sender.begin(head).await;
                    (begun.map_err(|error| SendError::transport(&error))?, None)
                }
                Way::Picking(upstream) => {
                    let (begun, in_flight) = begin(&upstream, || head.clone()).await?;
                    (begun, Some(in_flight))
                }
            };
            let (response, stream) = begun;
            let sending = AbortOnDrop::spawn(pump(body, stream));
            let response = response
                .await
                .map_err(|error| SendError::transport(&error))?;
            refuse_foreign(response.status(), response.headers())?;
            Ok(response.map(|body| ResponseBody {
                body,
                _sending: sending,
                _in_flight: in_flight,
            }))
        })
    }
}

/// A request that has begun: what gives its response, and what takes its body.
pub(super) type Begun = (ResponseFuture, SendStream<Bytes>);

/// Begins a request on a connection that works. One that turns out to be closed has not seen it, so another one gets it.
pub(super) async fn begin(
    upstream: &Shared,
    request: impl Fn() -> Request<()>,
) -> Result<(Begun, InFlight), SendError> {
    let mut offers = 1;
    loop {
        let picked = upstream.pick().await;
        let Picked {
            mut sender,
            in_flight,
        } = picked.map_err(SendError::nowhere)?;
        match sender.begin(request()).await {
            Ok(begun) => return Ok((begun, in_flight)),
            Err(_) if offers < OFFERS => {
                offers += 1;
                // Gives the endpoint's task the time to notice.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                return Err(SendError::Failed {
                    code: Code::Unavailable,
                    fate: Fate::Unprocessed,
                    why: error.to_string(),
                });
            }
        }
    }
}

/// Sends a body as fast as the other side takes it, until its end or until nobody wants it any more.
async fn pump(mut body: Body, mut stream: SendStream<Bytes>) {
    loop {
        let frame = std::future::poll_fn(|cx| {
            if stream.poll_reset(cx).is_ready() {
                return Poll::Ready(None);
            }
            Pin::new(&mut body).poll_frame(cx).map(Some)
        });
        let sent = match frame.await {
            None => return,
            Some(None) => return drop(stream.send_data(Bytes::new(), true)),
            Some(Some(Err(_))) => return stream.send_reset(Reason::CANCEL),
            Some(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) => send(&mut stream, data).await,
                // A request has no trailers in gRPC.
                Err(_) => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Sends a piece of a body when there is room for it.
async fn send(stream: &mut SendStream<Bytes>, mut data: Bytes) -> Result<(), h2::Error> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let room = std::future::poll_fn(|cx| stream.poll_capacity(cx)).await;
        let room = match room {
            Some(room) => room?,
            None => return Err(Reason::CANCEL.into()),
        };
        stream.send_data(data.split_to(room.min(data.len())), false)?;
    }
    Ok(())
}

/// The name of the code that a call ended with.
pub(super) static GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// A response of something that does not speak gRPC: a proxy's error page, a web server.
pub(super) fn refuse_foreign(status: StatusCode, headers: &HeaderMap) -> Result<(), SendError> {
    if headers.contains_key(&GRPC_STATUS) {
        return Ok(());
    }
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let grpc = content_type.is_some_and(|value| value.starts_with(b"application/grpc"));
    if status == StatusCode::OK && grpc {
        return Ok(());
    }
    let code = status::of_http(status);
    let why = match content_type {
        _ if status != StatusCode::OK => format!("the upstream answered HTTP {status}"),
        Some(value) => format!(
            "the upstream's answer is no gRPC but {}",
            String::from_utf8_lossy(value)
        ),
        None => "the upstream's answer has no content type".to_owned(),
    };
    Err(SendError::Failed {
        code,
        fate: Fate::Unknown,
        why,
    })
}

/// Why there is no response.
#[derive(Debug)]
pub(crate) enum SendError {
    /// There is nowhere to send it.
    Nowhere(Code, String, Option<String>),
    /// It was sent, or nearly so.
    Failed { code: Code, fate: Fate, why: String },
}

impl SendError {
    #[allow(
        clippy::needless_pass_by_value,
        reason = "it is what `map_err` hands over"
    )]
    fn nowhere(error: Error) -> Self {
        let internal = error.internal().map(str::to_owned);
        Self::Nowhere(error.code(), error.message().to_owned(), internal)
    }

    pub(super) fn transport(error: &h2::Error) -> Self {
        let (code, fate) = status::of_transport(error);
        Self::Failed {
            code,
            fate,
            why: error.to_string(),
        }
    }

    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::Nowhere(code, message, internal) => {
                let error = Error::new(*code, message.clone());
                Failure {
                    error: match internal {
                        Some(text) => error.with_internal(text.clone()),
                        None => error,
                    },
                    // Waiting is the endpoint's task; a call that nobody took hurts nobody.
                    fate: Fate::Unknown,
                }
            }
            Self::Failed { code, fate, why } => Failure {
                error: Error::new(*code, public(*code)).with_internal(why.clone()),
                fate: *fate,
            },
        }
    }
}

/// What the caller reads; how the inside looks is the log's.
fn public(code: Code) -> &'static str {
    match code {
        Code::Unavailable => "the upstream broke off the call",
        Code::Cancelled => "the upstream cancelled the call",
        Code::ResourceExhausted => "the upstream is overloaded",
        Code::Unauthenticated => "the upstream asks for credentials",
        Code::PermissionDenied => "the upstream refuses the call",
        Code::Unimplemented => "the upstream does not know the method",
        _ => "the upstream's answer is not a gRPC one",
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere(_, message, _) => f.write_str(message),
            Self::Failed { why, .. } => f.write_str(why),
        }
    }
}

// Without a source: tonic would read a status of its own out of it.
impl StdError for SendError {}

/// A response's body. It counts as a call in flight until it is dropped, and the request's body goes with it.
pub(crate) struct ResponseBody {
    body: RecvStream,
    _sending: AbortOnDrop,
    _in_flight: Option<InFlight>,
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let body = &mut self.body;
        let data = match body.poll_data(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(data) => data,
        };
        match data {
            Some(Ok(data)) => {
                // What is handed on no longer counts against the window.
                let released = body.flow_control().release_capacity(data.len());
                let frame = released.map(|()| Frame::data(data));
                Poll::Ready(Some(frame.map_err(|error| broken(&error))))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(broken(&error)))),
            None => body.poll_trailers(cx).map(|trailers| match trailers {
                Ok(trailers) => trailers.map(|trailers| Ok(Frame::trailers(trailers))),
                Err(error) => Some(Err(broken(&error))),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}

/// The status of a response that broke off.
fn broken(error: &h2::Error) -> Status {
    let (code, _) = status::of_transport(error);
    tracing::debug!(%error, "an upstream's response broke off");
    Status::new(tonic::Code::from_i32(code.as_i32()), public(code))
}
