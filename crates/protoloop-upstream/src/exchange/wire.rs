//! One HTTP request to an upstream, and its response held to what gRPC asks of one.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body::{Frame, SizeHint};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use protoloop_core::{BoxFuture, Code, Error};
use tonic::{Status, body::Body};
use tower_service::Service;

use super::status;
use crate::{
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
    Fixed(SendRequest<Body>),
    Picking(Arc<Shared>),
}

impl Wire {
    pub(crate) fn fixed(sender: SendRequest<Body>) -> Self {
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
            let (response, in_flight) = match way {
                Way::Fixed(mut sender) => match sender.send_request(request).await {
                    Ok(response) => (response, None),
                    Err(error) => return Err(SendError::transport(&error)),
                },
                Way::Picking(upstream) => send(&upstream, request).await?,
            };
            refuse_foreign(response.status(), response.headers())?;
            Ok(response.map(|body| ResponseBody {
                body,
                _in_flight: in_flight,
            }))
        })
    }
}

/// Sends on a connection that works. One that turns out to be closed has not seen the request, so another one gets it.
async fn send(
    upstream: &Shared,
    mut request: Request<Body>,
) -> Result<(Response<Incoming>, Option<InFlight>), SendError> {
    let mut offers = 1;
    loop {
        let picked = upstream.pick().await;
        let Picked {
            mut sender,
            in_flight,
        } = picked.map_err(SendError::nowhere)?;
        match sender.try_send_request(request).await {
            Ok(response) => return Ok((response, Some(in_flight))),
            Err(mut failed) => match failed.take_message() {
                Some(unsent) if offers < OFFERS => {
                    offers += 1;
                    request = unsent;
                    // Gives the endpoint's task the time to notice.
                    tokio::task::yield_now().await;
                }
                Some(_) => {
                    return Err(SendError::Failed {
                        code: Code::Unavailable,
                        fate: Fate::Unprocessed,
                        why: failed.error().to_string(),
                    });
                }
                None => return Err(SendError::transport(failed.error())),
            },
        }
    }
}

/// A response of something that does not speak gRPC: a proxy's error page, a web server.
fn refuse_foreign(status: StatusCode, headers: &HeaderMap) -> Result<(), SendError> {
    if headers.contains_key("grpc-status") {
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

    fn transport(error: &hyper::Error) -> Self {
        let (code, fate) = status::of_transport(error);
        Self::Failed {
            code,
            fate,
            why: chain(error),
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

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
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

/// A response's body. It counts as a call in flight until it is dropped.
#[derive(Debug)]
pub(crate) struct ResponseBody {
    body: Incoming,
    _in_flight: Option<InFlight>,
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        frame.map_err(|error| {
            let (code, _) = status::of_transport(&error);
            tracing::debug!(error = chain(&error), "an upstream's response broke off");
            Status::new(tonic::Code::from_i32(code.as_i32()), public(code))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
