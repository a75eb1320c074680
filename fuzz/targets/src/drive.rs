//! Requests in the process: bodies in pieces, a handler that answers with what it got, answers that are ready at once.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use protoloop_core::{BoxFuture, Call, Handler, Inbound, Outbound, Reply, Result};
use protoloop_gateway::Body;

/// A request body that comes in pieces of `cut` bytes at most.
pub(crate) fn pieces(
    body: &[u8],
    cut: usize,
) -> impl http_body::Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static + use<> {
    let pieces: Vec<Bytes> = body
        .chunks(cut.max(1))
        .map(Bytes::copy_from_slice)
        .collect();
    StreamBody::new(stream::iter(
        pieces.into_iter().map(|piece| Ok(Frame::data(piece))),
    ))
}

/// Answers with the messages it got, and keeps them; where one answer is due, with the last of them.
#[derive(Clone, Default)]
pub(crate) struct Echo {
    got: Arc<Mutex<Option<Vec<Bytes>>>>,
}

impl Echo {
    /// The messages of the call, if one came so far and all were read.
    pub(crate) fn got(&self) -> Option<Vec<Bytes>> {
        self.got
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl Handler for Echo {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let messages = match call.messages {
                Inbound::One(message) => vec![message],
                Inbound::Stream(messages) => messages.try_collect().await?,
            };
            *self.got.lock().unwrap_or_else(PoisonError::into_inner) = Some(messages.clone());
            let mut reply = Reply::unary(messages.last().cloned().unwrap_or_default());
            if call.method.server_streaming {
                reply.messages = Outbound::Stream(stream::iter(messages).map(Ok).boxed());
            }
            Ok(reply)
        })
    }
}

/// An answer, read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: HeaderMap,
}

/// Waits for what is ready at once, for nothing here waits for anything else.
pub(crate) fn answer(serving: impl Future<Output = http::Response<Body>>) -> Answer {
    let response = serving
        .now_or_never()
        .expect("there is nothing to wait for");
    let (head, body) = response.into_parts();
    let body = body.collect().now_or_never();
    let body = body.expect("there is nothing to wait for");
    let body = body.expect("an answer does not break off");
    Answer {
        status: head.status,
        headers: head.headers,
        trailers: body.trailers().cloned().unwrap_or_default(),
        body: body.to_bytes().to_vec(),
    }
}
