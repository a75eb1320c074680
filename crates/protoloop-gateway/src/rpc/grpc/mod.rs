//! gRPC and gRPC-Web in front of the canonical gRPC call.

mod answer;
mod status;
mod web;

use std::{fmt, sync::Arc, time::Instant};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Version, header, request::Parts,
};
use http_body::Body as HttpBody;
use protoloop_core::{Call, CallContext, Error, Handler, Inbound, Origin, Protocol, Reply, Result};
use protoloop_wire::Tables;

use super::{
    Entry, Found, Methods, RpcOptions,
    codec::Codec,
    compress,
    requests::{Form, Requests},
};
use crate::{
    Body,
    body::{drain, waits_to_send},
    compression::Encoding,
    headers,
};
use web::FromText;

const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
const ACCEPT: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Which of gRPC's forms a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcKind {
    /// gRPC itself, over HTTP/2: the status stands in trailers.
    Native,
    /// gRPC-Web, over any HTTP: the status is the last message.
    Web,
    /// The same in base64.
    WebText,
}

/// What a content type of gRPC says.
#[derive(Clone, Copy, Debug)]
struct ContentType {
    kind: GrpcKind,
    codec: Codec,
}

impl GrpcKind {
    /// The kind of a request by its content type; `None` for what does not begin like gRPC's at all.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(header::CONTENT_TYPE)?.as_bytes();
        let rest = value.strip_prefix(GRPC.as_bytes())?;
        Some(match rest.strip_prefix(b"-web") {
            None => Self::Native,
            Some(rest) if rest.starts_with(b"-text") => Self::WebText,
            Some(_) => Self::Web,
        })
    }
}

/// How every content type of gRPC begins.
const GRPC: &str = "application/grpc";

/// Kind and subtype of a content type: `application/grpc-web+json` is `(Web, "+json")`.
fn split(headers: &HeaderMap) -> Option<(GrpcKind, &str)> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let rest = value.strip_prefix(GRPC)?;
    let rest = rest.split(';').next().unwrap_or_default().trim_end();
    let (kind, subtype) = match rest.strip_prefix("-web") {
        None => (GrpcKind::Native, rest),
        Some(rest) => match rest.strip_prefix("-text") {
            None => (GrpcKind::Web, rest),
            Some(rest) => (GrpcKind::WebText, rest),
        },
    };
    (subtype.is_empty() || subtype.starts_with('+')).then_some((kind, subtype))
}

impl ContentType {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let (kind, subtype) = split(headers)?;
        let codec = match subtype {
            "" => Codec::Proto,
            subtype => Codec::of(&subtype[1..])?,
        };
        Some(Self { kind, codec })
    }
}

/// Serves every method of a schema over gRPC and gRPC-Web by calling a [`Handler`].
///
/// Immutable; share it by [`Arc`].
#[derive(Debug)]
pub struct GrpcGateway {
    tables: Arc<Tables>,
    methods: Methods,
    options: Arc<RpcOptions>,
}

impl GrpcGateway {
    /// Serves the methods of the schema behind `tables`.
    #[must_use]
    pub fn new(tables: Arc<Tables>, options: RpcOptions) -> Self {
        Self {
            methods: Methods::new(&tables),
            tables,
            options: Arc::new(options),
        }
    }

    /// Serves whatever is called at these services too, by their full names, beside the schema's methods. No more is
    /// known of them: messages pass as protobuf, unread, any number each way.
    #[must_use]
    pub fn open_services(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.methods.open.extend(names);
        self
    }

    /// Whether a path is that of a method of the schema.
    #[must_use]
    pub fn knows(&self, path: &str) -> bool {
        self.methods.knows(path)
    }

    /// Whether the method at a path takes exactly one message.
    #[must_use]
    pub fn takes_one(&self, path: &str) -> bool {
        let entry = self.methods.known.get(path);
        entry.is_some_and(|entry| !entry.info.client_streaming)
    }

    /// Answers one request whose content type is gRPC's. Every outcome is a response with a gRPC status, but for a codec
    /// that is not known, which is 415. The request's extensions become the call's.
    pub fn serve<B>(
        &self,
        request: Request<B>,
        origin: impl Into<Origin>,
        handler: &dyn Handler,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let origin = origin.into();
        let (head, body) = request.into_parts();
        async move {
            let (entry, content_type) = match self.called(&head) {
                Ok(called) => called,
                Err(refusal) => {
                    drain(waits_to_send(&head.headers), body).await;
                    return *refusal;
                }
            };
            // The answer has the content type of the request.
            let echoed = head.headers.get(header::CONTENT_TYPE).cloned();
            let accepted = self
                .options
                .compress
                .then(|| compress::accepted(&head.headers, &ACCEPT))
                .flatten();
            let caller = Caller {
                gateway: self,
                entry: &entry,
                content_type,
                origin,
            };
            // In a block, so that the wait for the answer holds none of what came before.
            let reply = {
                let waits = waits_to_send(&head.headers);
                let (form, context) = match caller.prepare(head) {
                    Ok(prepared) => prepared,
                    Err(error) => {
                        drain(waits, body).await;
                        return answer::failed(content_type.kind, echoed, &error);
                    }
                };
                let messages = match caller.messages(form, body).await {
                    Ok(messages) => messages,
                    Err(error) => return answer::failed(content_type.kind, echoed, &error),
                };
                handler.call(Call {
                    method: Arc::clone(&entry.info),
                    context,
                    messages,
                })
            };
            match reply.await {
                Ok(reply) => caller.answer(reply, echoed, accepted),
                Err(error) => answer::failed(content_type.kind, echoed, &error),
            }
        }
    }

    /// The method that a request calls and how, or the answer that there is no such thing.
    fn called(&self, head: &Parts) -> Result<(Found<'_>, ContentType), Box<Response<Body>>> {
        if head.method != Method::POST {
            return Err(Box::new(answer::method_not_allowed()));
        }
        let Some(content_type) = ContentType::of(&head.headers) else {
            return Err(Box::new(answer::unsupported()));
        };
        let Some(entry) = self.methods.find(head.uri.path(), || true) else {
            let echoed = head.headers.get(header::CONTENT_TYPE).cloned();
            let message = format!("there is no method {}", head.uri.path());
            let error = Error::unimplemented(message);
            let refusal = answer::failed(content_type.kind, echoed, &error);
            return Err(Box::new(refusal));
        };
        if !entry.takes(content_type.codec) {
            return Err(Box::new(answer::unsupported()));
        }
        Ok((entry, content_type))
    }
}

/// One request's way to the handler.
#[derive(Clone, Copy)]
struct Caller<'a> {
    gateway: &'a GrpcGateway,
    entry: &'a Entry,
    content_type: ContentType,
    origin: Origin,
}

impl Caller<'_> {
    /// How the messages come, and for whom the call is.
    fn prepare(self, head: Parts) -> Result<(Form, CallContext)> {
        let form = Form {
            codec: self.content_type.codec,
            encoding: compress::of_request(&head.headers, &ENCODING)?,
            whole: head.version < Version::HTTP_2,
        };
        Ok((form, self.context(head)?))
    }

    async fn messages<B>(self, form: Form, body: B) -> Result<Inbound>
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
        B::Error: fmt::Display,
    {
        let Self { gateway, entry, .. } = self;
        let (tables, options) = (&gateway.tables, &gateway.options);
        if self.content_type.kind == GrpcKind::WebText {
            let requests = Requests::new(FromText::new(body), form, entry, tables, options);
            return Box::pin(requests.into_inbound(entry)).await;
        }
        let requests = Requests::new(body, form, entry, tables, options);
        requests.into_inbound(entry).await
    }

    fn context(self, head: Parts) -> Result<CallContext> {
        let timeout = headers::rpc_timeout(&head.headers)?;
        let protocol = match self.content_type.kind {
            GrpcKind::Native => Protocol::Grpc,
            GrpcKind::Web | GrpcKind::WebText => Protocol::GrpcWeb,
        };
        let metadata = headers::to_metadata(head.headers)?;
        let mut context = CallContext::of_request(protocol, self.origin, metadata);
        *context.extensions_mut() = head.extensions;
        // A time so far away that it cannot be told is no deadline.
        if let Some(deadline) = timeout.and_then(|timeout| Instant::now().checked_add(timeout)) {
            context.limit_deadline(deadline);
        }
        Ok(context)
    }

    fn answer(
        self,
        reply: Reply,
        echoed: Option<HeaderValue>,
        encoding: Option<Encoding>,
    ) -> Response<Body> {
        let metadata = reply.metadata;
        let frames = answer::Frames::new(
            answer::Style {
                kind: self.content_type.kind,
                codec: self.content_type.codec,
                encoding,
                output: self.entry.output(),
            },
            &self.gateway.tables,
            &self.gateway.options,
            reply.messages,
            reply.trailers.into(),
            reply.late_trailers,
        );
        let mut response = Response::new(frames.into_body());
        let out = response.headers_mut();
        headers::from_metadata(metadata.into(), out);
        answer::head(out, echoed);
        if let Some(encoding) = encoding {
            out.insert(ENCODING, HeaderValue::from_static(encoding.name()));
        }
        response
    }
}
