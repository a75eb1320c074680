//! The canonical in-process gRPC call.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderMap;

use crate::{CallContext, Error, ReplyHeaders, Result};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A stream of encoded messages; an error ends it.
pub type MessageStream = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// Trailers that a stream knows only when it ends: set, if at all, before its last poll answers `None`.
pub type LateTrailers = Arc<OnceLock<HeaderMap>>;

/// The identity of an RPC method, shared by every call of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MethodInfo {
    /// Full service name: `todo.v1.TodoService`.
    pub service: Arc<str>,
    /// Method name: `GetTodo`.
    pub name: Arc<str>,
    /// gRPC path: `/todo.v1.TodoService/GetTodo`.
    pub path: Arc<str>,
    /// Position among all methods of the schema it came from.
    pub index: usize,
    /// Whether the client may send more than one message.
    pub client_streaming: bool,
    /// Whether the server may send more than one message.
    pub server_streaming: bool,
}

impl MethodInfo {
    /// Whether both sides send exactly one message.
    #[must_use]
    pub fn is_unary(&self) -> bool {
        !self.client_streaming && !self.server_streaming
    }
}

/// Request messages, as protobuf bytes. They are well-formed wire format of the input type when they reach a handler.
pub enum Inbound {
    /// Exactly one message, complete.
    One(Bytes),
    /// Messages as they arrive.
    Stream(MessageStream),
}

/// Response messages, as protobuf bytes.
pub enum Outbound {
    /// Exactly one message.
    One(Bytes),
    /// Messages as they are made. An error ends the call with its status.
    Stream(MessageStream),
}

impl fmt::Debug for Inbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(message) => write!(f, "One({} bytes)", message.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(message) => write!(f, "One({} bytes)", message.len()),
            Self::Stream(_) => f.write_str("Stream"),
        }
    }
}

/// One gRPC call on its way to a handler.
#[derive(Debug)]
pub struct Call {
    /// Which method.
    pub method: Arc<MethodInfo>,
    /// For whom, until when.
    pub context: CallContext,
    /// The request.
    pub messages: Inbound,
}

impl Call {
    /// A call with one request message.
    #[must_use]
    pub fn unary(method: Arc<MethodInfo>, context: CallContext, message: Bytes) -> Self {
        Self {
            method,
            context,
            messages: Inbound::One(message),
        }
    }

    /// Splits a call of a unary or server-streaming method into its context and its one message.
    ///
    /// # Errors
    /// INTERNAL when the messages are a stream: the edge decides by the method, so this is a wiring mistake.
    pub fn into_one(self) -> Result<(CallContext, Bytes)> {
        match self.messages {
            Inbound::One(message) => Ok((self.context, message)),
            Inbound::Stream(_) => Err(Error::internal_error(format!(
                "{} got a request stream where one message was due",
                self.method.path
            ))),
        }
    }
}

/// What a handler answers.
#[derive(Debug)]
pub struct Reply {
    /// Response headers.
    pub metadata: ReplyHeaders,
    /// Response trailers, beside the status.
    pub trailers: ReplyHeaders,
    /// Further trailers, known at the end of a stream.
    pub late_trailers: Option<LateTrailers>,
    /// The response.
    pub messages: Outbound,
}

impl Reply {
    /// A reply with one message and no metadata.
    #[must_use]
    pub fn unary(message: Bytes) -> Self {
        Self {
            metadata: ReplyHeaders::default(),
            trailers: ReplyHeaders::default(),
            late_trailers: None,
            messages: Outbound::One(message),
        }
    }

    /// A reply with a stream of messages and no metadata.
    #[must_use]
    pub fn stream(messages: MessageStream) -> Self {
        Self {
            metadata: ReplyHeaders::default(),
            trailers: ReplyHeaders::default(),
            late_trailers: None,
            messages: Outbound::Stream(messages),
        }
    }

    /// The one message of a unary reply.
    ///
    /// # Errors
    /// INTERNAL when the handler answered a stream.
    pub fn into_one(self) -> Result<Bytes> {
        match self.messages {
            Outbound::One(message) => Ok(message),
            Outbound::Stream(_) => Err(Error::internal_error("a unary method answered a stream")),
        }
    }
}

/// Something that answers calls: the standard engine, a typed service, an upstream, or the whole sequence in front of them.
pub trait Handler: Send + Sync + 'static {
    /// Answers one call. The future is dropped when the caller goes away.
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>>;
}

impl<H: Handler + ?Sized> Handler for Arc<H> {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Reply>> {
        (**self).call(call)
    }
}
