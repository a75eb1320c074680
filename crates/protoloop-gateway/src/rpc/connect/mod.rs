//! The Connect protocol in front of the canonical gRPC call.

mod get;
mod head;
mod stream;
mod unary;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header, request::Parts};
use http_body::Body as HttpBody;
use protoloop_core::{Handler, Origin};
use protoloop_wire::Tables;

use super::{Entry, Methods, RpcOptions, codec::Codec};
use crate::{
    Body,
    body::{drain, waits_to_send},
};
use head::Refusal;

/// Serves every method of a schema over Connect by calling a [`Handler`].
///
/// Unary calls are plain HTTP with a message as the body, streams are enveloped messages; both as protobuf or ProtoJSON.
/// Immutable; share it by [`Arc`].
#[derive(Debug)]
pub struct ConnectGateway {
    tables: Arc<Tables>,
    methods: Methods,
    options: Arc<RpcOptions>,
}

/// Content type of a stream, before the codec's name.
const STREAM: &str = "application/connect+";

/// Content type of a unary message, before the codec's name.
const UNARY: &str = "application/";

impl ConnectGateway {
    /// Serves the methods of the schema behind `tables`.
    #[must_use]
    pub fn new(tables: Arc<Tables>, options: RpcOptions) -> Self {
        Self {
            methods: Methods::new(&tables),
            tables,
            options: Arc::new(options),
        }
    }

    /// Whether a request says by itself that it is Connect's: a stream's content type, `application/proto`, the
    /// `Connect-Protocol-Version` header, or `connect=v1` in the query of a GET.
    #[must_use]
    pub fn claims<B>(request: &Request<B>) -> bool {
        let headers = request.headers();
        if headers.contains_key(head::PROTOCOL_VERSION) {
            return true;
        }
        if request.method() == Method::GET {
            return get::is_marked(request.uri());
        }
        let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        content_type.is_some_and(|value| {
            value.starts_with(STREAM.as_bytes()) || value == b"application/proto"
        })
    }

    /// Serves whatever is called at these services too, by their full names, beside the schema's methods. No more is
    /// known of them: messages pass as protobuf, unread, one each way or any number as the content type says.
    #[must_use]
    pub fn open_services(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.methods.open.extend(names);
        self
    }

    /// Whether a path is that of a method of the schema, so that a POST there may be Connect's without saying so.
    #[must_use]
    pub fn knows(&self, path: &str) -> bool {
        self.methods.knows(path)
    }

    /// Answers one request. Every failure is an answer as well, its error as `Arc<protoloop_core::Error>` among the
    /// response's extensions, for the log. The request's extensions become the call's.
    pub async fn serve<B>(
        &self,
        request: Request<B>,
        origin: impl Into<Origin> + Send,
        handler: &dyn Handler,
    ) -> Response<Body>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let (head, body) = request.into_parts();
        let streams = || content_type(&head.headers).starts_with(STREAM);
        let Some(entry) = self.methods.find(head.uri.path(), streams) else {
            drain(waits_to_send(&head.headers), body).await;
            return Refusal::no_method(head.uri.path()).answer();
        };
        let kind = match classify(&entry, &head) {
            Ok(kind) => kind,
            Err(refusal) => {
                drain(waits_to_send(&head.headers), body).await;
                return refusal.answer();
            }
        };
        let caller = Caller {
            gateway: self,
            entry: &entry,
            origin: origin.into(),
            handler,
        };
        match kind {
            Kind::Get => caller.get(head).await,
            Kind::Unary(codec) => caller.unary(head, body, codec).await,
            Kind::Stream(codec) => caller.stream(head, body, codec).await,
        }
    }
}

/// How a request is made, by method and content type.
fn classify(entry: &Entry, head: &Parts) -> Result<Kind, Refusal> {
    let unary = entry.info.is_unary();
    match head.method {
        Method::GET if unary => return Ok(Kind::Get),
        Method::POST => {}
        _ => return Err(Refusal::method_not_allowed(unary && entry.safe)),
    }
    let content_type = content_type(&head.headers);
    let prefix = if unary { UNARY } else { STREAM };
    let codec = content_type.strip_prefix(prefix).and_then(Codec::of);
    let codec = codec.filter(|codec| entry.takes(*codec));
    match codec {
        Some(codec) if unary => Ok(Kind::Unary(codec)),
        Some(codec) => Ok(Kind::Stream(codec)),
        None => Err(Refusal::unsupported(
            &content_type,
            unary,
            entry.takes(Codec::Json),
        )),
    }
}

/// How a request is made.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Get,
    Unary(Codec),
    Stream(Codec),
}

/// One request's way to the handler.
#[derive(Clone, Copy)]
struct Caller<'a> {
    gateway: &'a ConnectGateway,
    entry: &'a Entry,
    origin: Origin,
    handler: &'a dyn Handler,
}

/// The content type in lower case, without a `charset=utf-8`, which is what JSON is anyway.
fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok()).unwrap_or("");
    let (name, parameters) = value.split_once(';').unwrap_or((value, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    let plain = parameters.is_empty() || parameters.replace('"', "") == "charset=utf-8";
    if plain {
        name.trim().to_ascii_lowercase()
    } else {
        value.to_ascii_lowercase()
    }
}
