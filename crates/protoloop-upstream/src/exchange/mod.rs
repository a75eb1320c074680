//! One attempt at a call: request out, reply in.

mod metadata;
mod reply;
mod request;
mod status;
mod unary;
mod wire;

use bytes::Bytes;
use http::{Uri, uri::PathAndQuery};
use protoloop_core::{CallContext, Error, Inbound, LateTrailers, Outbound, Reply, ReplyHeaders};
use tokio::sync::oneshot;
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    client::{Grpc, GrpcService},
    codec::CompressionEncoding,
    metadata::MetadataMap,
};

use crate::{
    codec::RawCodec,
    retry::{Failure, Fate},
};
use reply::ReplyMessages;
use request::RequestMessages;
pub(crate) use unary::unary;
pub(crate) use wire::Wire;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Takes gzip and zstd from the other side.
pub(crate) fn client<T>(service: T, origin: &Uri) -> Grpc<T> {
    Grpc::with_origin(service, origin.clone())
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd)
}

/// The domain error of a status that tonic's client gave.
pub(crate) fn error(status: Status) -> Error {
    status::failure(status).error
}

/// What every attempt at one call shares.
pub(crate) struct Exchange<'a> {
    pub(crate) path: &'a PathAndQuery,
    pub(crate) context: &'a CallContext,
    /// Whether the reply is a stream.
    pub(crate) many: bool,
}

impl Exchange<'_> {
    /// Sends the messages, and gives the reply when its head (of a stream) or all of it (of one message) is there.
    ///
    /// # Errors
    /// The status that the other side gave, or what kept it from giving one.
    pub(crate) async fn run<T>(
        &self,
        mut client: Grpc<T>,
        messages: Inbound,
    ) -> Result<Reply, Failure>
    where
        T: GrpcService<Body>,
        T::Error: Into<BoxError>,
        T::ResponseBody: http_body::Body<Data = Bytes> + Send + 'static,
        <T::ResponseBody as http_body::Body>::Error: Into<BoxError>,
    {
        self.context.check_deadline().map_err(begun)?;
        if let Err(error) = client.ready().await {
            return Err(status::failure(Status::from_error(error.into())));
        }
        let (messages, mut broken) = RequestMessages::new(messages);
        let request = self.request(messages);
        let answer = client.streaming(request, self.path.clone(), RawCodec);
        let answer = tokio::select! {
            biased;
            error = fault(&mut broken) => return Err(begun(error)),
            answer = answer => answer,
        };
        let response = answer.map_err(status::failure)?;
        if self.many {
            return Ok(stream(response, broken));
        }
        tokio::select! {
            biased;
            error = fault(&mut broken) => Err(begun(error)),
            reply = one(response) => reply,
        }
    }

    fn request(&self, messages: RequestMessages) -> Request<RequestMessages> {
        let mut request = Request::new(messages);
        let metadata = metadata::forwarded(self.context.metadata());
        *request.metadata_mut() = MetadataMap::from_headers(metadata);
        if let Some(left) = self.context.remaining() {
            request.set_timeout(left);
        }
        request
    }
}

/// A failure that leaves nothing to try again: the request itself is at fault, or over.
fn begun(error: Error) -> Failure {
    Failure {
        error,
        fate: Fate::Begun,
    }
}

/// What the caller's stream broke with; pending as long as it does not.
async fn fault(broken: &mut Option<oneshot::Receiver<Error>>) -> Error {
    if let Some(receiver) = broken {
        if let Ok(error) = receiver.await {
            return error;
        }
        *broken = None;
    }
    std::future::pending().await
}

fn stream(response: Response<Streaming<Bytes>>, broken: Option<oneshot::Receiver<Error>>) -> Reply {
    let (head, messages, _) = response.into_parts();
    let late = LateTrailers::default();
    let messages = ReplyMessages::new(messages, broken, LateTrailers::clone(&late));
    Reply {
        metadata: metadata::answered(head.into_headers()).into(),
        trailers: ReplyHeaders::default(),
        late_trailers: Some(late),
        messages: Outbound::Stream(Box::pin(messages)),
    }
}

/// Reads to the end: a message whose status is not there yet is no answer.
async fn one(response: Response<Streaming<Bytes>>) -> Result<Reply, Failure> {
    let (head, mut messages, _) = response.into_parts();
    let message = messages.message().await.map_err(status::failure)?;
    let Some(message) = message else {
        let error = Error::internal_error("the upstream said OK without a message");
        return Err(begun(error));
    };
    if messages.message().await.map_err(status::failure)?.is_some() {
        let error = Error::internal_error("the upstream sent two messages where one was due");
        return Err(begun(error));
    }
    let trailers = messages.trailers().await.map_err(status::failure)?;
    let trailers = trailers.map(|trailers| metadata::answered(trailers.into_headers()));
    Ok(Reply {
        metadata: metadata::answered(head.into_headers()).into(),
        trailers: trailers.unwrap_or_default().into(),
        late_trailers: None,
        messages: Outbound::One(message),
    })
}
