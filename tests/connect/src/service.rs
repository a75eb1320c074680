//! The suite's methods.

use bytes::Bytes;
use futures_util::StreamExt as _;
use prost::Message as _;
use prost_types::Any;
use protoloop_core::{
    BoxFuture, Call, CallContext, Error, Handler, Inbound, MessageStream, Reply, Result,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    answer::{any, decode, delay, error, headers, info, payload},
    v1::{
        BidiStreamRequest, BidiStreamResponse, ClientStreamRequest, ServerStreamRequest,
        ServerStreamResponse, StreamResponseDefinition, UnaryRequest, UnaryResponse,
        UnaryResponseDefinition, unary_response_definition::Response,
    },
};

/// `Unary` and `IdempotentUnary`, whose messages have the same fields.
pub(crate) struct Unary;

impl Handler for Unary {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let name = format!(
                "type.googleapis.com/connectrpc.conformance.v1.{}Request",
                call.method.name
            );
            let (context, message) = call.into_one()?;
            let request: UnaryRequest = decode(&message)?;
            let seen = Any {
                type_url: name,
                value: message.to_vec(),
            };
            one(&context, request.response_definition.as_ref(), vec![seen]).await
        })
    }
}

pub(crate) struct ClientStream;

impl Handler for ClientStream {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let context = call.context;
            let mut messages = stream(call.messages)?;
            let (mut asked, mut seen) = (None, Vec::new());
            while let Some(message) = messages.next().await.transpose()? {
                if seen.is_empty() {
                    let first: ClientStreamRequest = decode(&message)?;
                    asked = first.response_definition;
                }
                seen.push(any::<ClientStreamRequest>(&message));
            }
            one(&context, asked.as_ref(), seen).await
        })
    }
}

/// A single answer; the response messages of all methods have the same field.
async fn one(
    context: &CallContext,
    asked: Option<&UnaryResponseDefinition>,
    seen: Vec<Any>,
) -> Result<Reply> {
    let info = info(context, seen);
    let Some(asked) = asked else {
        let response = UnaryResponse {
            payload: payload(Vec::new(), Some(info)),
        };
        return Ok(Reply::unary(response.encode_to_vec().into()));
    };
    let metadata = headers(&asked.response_headers)?;
    let trailers = headers(&asked.response_trailers)?;
    delay(asked.response_delay_ms).await;
    let data = match &asked.response {
        Some(Response::Error(asked)) => {
            let error = error(asked, Some(info));
            return Err(error.with_metadata(metadata).with_metadata(trailers));
        }
        Some(Response::ResponseData(data)) => data.clone(),
        None => Vec::new(),
    };
    let response = UnaryResponse {
        payload: payload(data, Some(info)),
    };
    let mut reply = Reply::unary(response.encode_to_vec().into());
    (reply.metadata, reply.trailers) = (metadata.into(), trailers.into());
    Ok(reply)
}

pub(crate) struct ServerStream;

impl Handler for ServerStream {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let (context, message) = call.into_one()?;
            let request: ServerStreamRequest = decode(&message)?;
            let seen = vec![any::<ServerStreamRequest>(&message)];
            let Some(asked) = request.response_definition else {
                return Ok(Reply::stream(Box::pin(futures_util::stream::empty())));
            };
            let (sender, reply) = many(&asked)?;
            tokio::spawn(async move {
                // The caller may have gone; then there is nobody left to answer.
                let _ = rest(&context, &asked, 0, seen, &sender).await;
            });
            Ok(reply)
        })
    }
}

pub(crate) struct BidiStream;

impl Handler for BidiStream {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async move {
            let context = call.context;
            let mut messages = stream(call.messages)?;
            let Some(first) = messages.next().await.transpose()? else {
                return Ok(Reply::stream(Box::pin(futures_util::stream::empty())));
            };
            let request: BidiStreamRequest = decode(&first)?;
            let asked = request.response_definition.unwrap_or_default();
            let (sender, reply) = many(&asked)?;
            let messages = futures_util::stream::iter([Ok(first)]).chain(messages);
            tokio::spawn(async move {
                let conversation =
                    converse(&context, &asked, request.full_duplex, messages, &sender);
                if let Err(error) = conversation.await {
                    // As above.
                    let _ = sender.send(Err(error)).await;
                }
            });
            Ok(reply)
        })
    }
}

type Sender = mpsc::Sender<Result<Bytes>>;

/// The caller is gone.
const GONE: &str = "the caller is gone";

async fn converse(
    context: &CallContext,
    asked: &StreamResponseDefinition,
    full_duplex: bool,
    mut messages: impl futures_util::Stream<Item = Result<Bytes>> + Unpin,
    sender: &Sender,
) -> Result<()> {
    let (mut seen, mut sent) = (Vec::new(), 0);
    while let Some(message) = messages.next().await.transpose()? {
        seen.push(any::<BidiStreamRequest>(&message));
        if !full_duplex {
            continue;
        }
        let Some(data) = asked.response_data.get(sent) else {
            break;
        };
        let mut shown = info(context, std::mem::take(&mut seen));
        if sent > 0 {
            // What cannot change is shown once.
            (shown.request_headers, shown.timeout_ms) = (Vec::new(), None);
        }
        let response = BidiStreamResponse {
            payload: payload(data.clone(), Some(shown)),
        };
        delay(asked.response_delay_ms).await;
        let sending = sender.send(Ok(response.encode_to_vec().into())).await;
        sending.map_err(|_| Error::cancelled(GONE))?;
        sent += 1;
    }
    rest(context, asked, sent, seen, sender).await
}

/// What is left to be sent, and the error that is asked for.
async fn rest(
    context: &CallContext,
    asked: &StreamResponseDefinition,
    sent: usize,
    seen: Vec<Any>,
    sender: &Sender,
) -> Result<()> {
    let mut seen = Some(seen).filter(|_| sent == 0);
    for data in asked.response_data.iter().skip(sent) {
        delay(asked.response_delay_ms).await;
        let response = ServerStreamResponse {
            payload: payload(data.clone(), seen.take().map(|seen| info(context, seen))),
        };
        let sending = sender.send(Ok(response.encode_to_vec().into())).await;
        sending.map_err(|_| Error::cancelled(GONE))?;
    }
    if let Some(asked) = &asked.error {
        let error = error(asked, seen.map(|seen| info(context, seen)));
        let sending = sender.send(Err(error)).await;
        sending.map_err(|_| Error::cancelled(GONE))?;
    }
    Ok(())
}

/// A reply whose messages are sent one by one.
fn many(asked: &StreamResponseDefinition) -> Result<(Sender, Reply)> {
    let (sender, receiver) = mpsc::channel(1);
    let mut reply = Reply::stream(Box::pin(ReceiverStream::new(receiver)));
    reply.metadata = headers(&asked.response_headers)?.into();
    reply.trailers = headers(&asked.response_trailers)?.into();
    Ok((sender, reply))
}

fn stream(messages: Inbound) -> Result<MessageStream> {
    match messages {
        Inbound::Stream(messages) => Ok(messages),
        Inbound::One(_) => Err(Error::internal_error("one message where a stream was due")),
    }
}
