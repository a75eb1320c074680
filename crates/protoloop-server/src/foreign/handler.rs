//! From a call to a gRPC request, and from a gRPC response to a reply.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderValue, Request, Response, Version, header};
use protoloop_core::{BoxFuture, Call, Code, Error, Handler, Inbound, LateTrailers, Reply, Result};
use protoloop_wire::status;
use tonic::{Status, Streaming, body::Body, codec::EncodeBody};

use super::{ForeignServices, codec::RawCodec};

/// Calls services that speak gRPC alone.
pub(super) struct ForeignHandler(ForeignServices);

impl ForeignHandler {
    pub(super) fn new(services: ForeignServices) -> Self {
        Self(services)
    }
}

impl Handler for ForeignHandler {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let many = call.method.server_streaming;
            let response = self.0.answer(request(call)?).await;
            reply(response, many).await
        })
    }
}

fn request(mut call: Call) -> Result<Request<Body>> {
    let messages = match call.messages {
        Inbound::One(message) => stream::iter([Ok(message)]).left_stream(),
        Inbound::Stream(messages) => messages.map_err(|error| to_status(&error)).right_stream(),
    };
    let body = EncodeBody::new_client(RawCodec, messages, None, None);
    let request = Request::post(&*call.method.path)
        .version(Version::HTTP_2)
        .body(Body::new(body));
    let mut request = request.map_err(|error| {
        Error::internal_error(format!("{} is no path: {error}", call.method.path))
    })?;
    *request.headers_mut() = call.context.metadata().clone();
    let grpc = HeaderValue::from_static("application/grpc");
    request.headers_mut().insert(header::CONTENT_TYPE, grpc);
    std::mem::swap(request.extensions_mut(), call.context.extensions_mut());
    Ok(request)
}

async fn reply(response: Response<Body>, many: bool) -> Result<Reply> {
    let (head, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&head.headers)
        && status.code() != tonic::Code::Ok
    {
        return Err(to_error(&status));
    }
    let messages = Streaming::new_response(RawCodec, body, head.status, None, Some(usize::MAX));
    let mut reply = match many {
        true => streamed(messages),
        false => one(messages).await?,
    };
    reply.metadata = head.headers.into();
    Ok(reply)
}

/// Reads to the end: a message whose status is not there yet is no answer.
async fn one(mut messages: Streaming<Bytes>) -> Result<Reply> {
    let mut next = async || messages.message().await.map_err(|status| to_error(&status));
    let message = next().await?;
    let message = message.ok_or_else(|| Error::internal_error("OK without a message"))?;
    if next().await?.is_some() {
        return Err(Error::unimplemented(
            "the method answers with a stream, and the request is not made as one",
        ));
    }
    let trailers = messages.trailers().await;
    let trailers = trailers.map_err(|status| to_error(&status))?;
    let mut reply = Reply::unary(message);
    reply.trailers = trailers.unwrap_or_default().into_headers().into();
    Ok(reply)
}

fn streamed(messages: Streaming<Bytes>) -> Reply {
    let late = LateTrailers::default();
    let mut reply = Reply::stream(Box::pin(until_end(messages, LateTrailers::clone(&late))));
    reply.late_trailers = Some(late);
    reply
}

/// The messages, and the trailers once there are no more.
fn until_end(
    messages: Streaming<Bytes>,
    late: LateTrailers,
) -> impl Stream<Item = Result<Bytes>> + Send {
    stream::unfold(Some(messages), move |messages| {
        let late = LateTrailers::clone(&late);
        async move {
            let mut messages = messages?;
            match messages.message().await {
                Ok(Some(message)) => Some((Ok(message), Some(messages))),
                Ok(None) => {
                    if let Ok(Some(trailers)) = messages.trailers().await {
                        // Set once: this stream is over.
                        let _ = late.set(trailers.into_headers());
                    }
                    None
                }
                Err(status) => Some((Err(to_error(&status)), None)),
            }
        }
    })
}

fn to_status(error: &Error) -> Status {
    Status::new(tonic::Code::from(error.code().as_i32()), error.message())
}

/// Code, message, details and metadata. Details that cannot be read are left out; what is there without them still holds.
fn to_error(status: &Status) -> Error {
    let code = Code::from_i32(status.code() as i32);
    let mut error = Error::new(code, status.message().to_owned());
    if let Ok(decoded) = status::decode(status.details()) {
        for detail in decoded.details() {
            error = error.with_detail(detail.clone());
        }
    }
    error.with_metadata(status.metadata().clone().into_headers())
}
