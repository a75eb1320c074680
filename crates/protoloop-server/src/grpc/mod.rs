//! The gRPC edge: from an HTTP/2 request to a call, and from a reply to a response.

mod codec;
mod reply;
mod request;
mod services;
mod status;
mod timeout;
mod web;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use protoloop_core::{Call, CallContext, Error, Handler, Inbound, MethodInfo, Protocol, Result};
use protoloop_schema::{MessageId, Schema};
use protoloop_wire::Tables;
use tonic::{
    Status, Streaming, body::Body, codec::CompressionEncoding, metadata::MetadataMap, server::Grpc,
};
use tower::{BoxError, service_fn};

use crate::{ServerConfig, TraceContext, port::ReadTimeout};
use codec::RawCodec;
use reply::ReplyStream;
use request::RequestStream;
pub(crate) use services::ForeignServices;
pub(crate) use web::answer_web;

/// Where a request came from, found once by the port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) protocol: Protocol,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) trace: TraceContext,
}

struct Entry {
    info: Arc<MethodInfo>,
    input: MessageId,
}

/// Answers gRPC requests of a schema's methods by a handler, and of other services by themselves.
pub(crate) struct GrpcEdge {
    methods: HashMap<Arc<str>, Entry>,
    handler: Arc<dyn Handler>,
    tables: Arc<Tables>,
    limits: protoloop_wire::Limits,
    max_response_bytes: usize,
    compress_responses: bool,
    read_timeout: Duration,
    foreign: ForeignServices,
}

impl GrpcEdge {
    pub(crate) fn new(
        tables: Arc<Tables>,
        handler: Arc<dyn Handler>,
        foreign: ForeignServices,
        config: &ServerConfig,
    ) -> Self {
        Self {
            methods: entries(tables.schema()),
            handler,
            tables,
            limits: protoloop_wire::Limits {
                depth: config.max_message_depth,
                size: config.max_request_bytes,
            },
            max_response_bytes: config.max_response_bytes,
            compress_responses: config.compress_responses,
            read_timeout: config.read_timeout,
            foreign,
        }
    }

    /// Answers one request. Every outcome is a response with a gRPC status.
    pub(crate) async fn answer<B>(&self, request: Request<B>, origin: Origin) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let Some(entry) = self.methods.get(request.uri().path()) else {
            return self.foreign.answer(request.map(Body::new)).await;
        };
        let deadline = match timeout::client_timeout(request.headers()) {
            // A deadline beyond what the clock can express is as good as none.
            Ok(timeout) => timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
            Err(error) => return status::of_error(&error, HeaderMap::new()).into_http(),
        };
        let arrival = Arrival {
            edge: self,
            entry,
            origin,
            deadline,
        };
        if entry.info.client_streaming {
            let service = service_fn(|request| arrival.streaming(request));
            return self.grpc().streaming(service, request).await;
        }
        let reached = AtomicBool::new(false);
        let service = service_fn(|request| {
            reached.store(true, Ordering::Relaxed);
            arrival.single(request)
        });
        let request = request.map(|body| ReadTimeout::new(body, self.read_timeout));
        let response = self.grpc().server_streaming(service, request).await;
        if reached.into_inner() {
            return response;
        }
        name_size_limit(response)
    }

    fn grpc(&self) -> Grpc<RawCodec> {
        let grpc = Grpc::new(RawCodec)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .max_decoding_message_size(self.limits.size)
            .max_encoding_message_size(self.max_response_bytes);
        if !self.compress_responses {
            return grpc;
        }
        grpc.send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    }

    /// The line behind which messages are trusted.
    fn check(&self, input: MessageId, message: &[u8]) -> Result<()> {
        protoloop_wire::check(&self.tables, input, message, &self.limits).map_err(Error::from)
    }
}

fn entries(schema: &Schema) -> HashMap<Arc<str>, Entry> {
    let entry = |method: &protoloop_schema::Method| Entry {
        info: Arc::clone(&method.info),
        input: method.input,
    };
    let methods = schema.methods().iter();
    methods
        .map(|method| (Arc::clone(&method.info.path), entry(method)))
        .collect()
}

/// A request whose method is known and whose messages are about to be read.
#[derive(Clone, Copy)]
struct Arrival<'a> {
    edge: &'a GrpcEdge,
    entry: &'a Entry,
    origin: Origin,
    deadline: Option<Instant>,
}

impl Arrival<'_> {
    async fn single(
        self,
        request: tonic::Request<Bytes>,
    ) -> Result<tonic::Response<ReplyStream>, Status> {
        let (metadata, _, message) = request.into_parts();
        if let Err(error) = self.edge.check(self.entry.input, &message) {
            tracing::info!(method = &*self.entry.info.path, %error, "refused a malformed message");
            return Err(status::of_error(&error, HeaderMap::new()));
        }
        self.invoke(metadata, Inbound::One(message)).await
    }

    async fn streaming(
        self,
        request: tonic::Request<Streaming<Bytes>>,
    ) -> Result<tonic::Response<ReplyStream>, Status> {
        let (metadata, _, messages) = request.into_parts();
        let tables = Arc::clone(&self.edge.tables);
        let messages = RequestStream::new(messages, tables, self.entry.input, self.edge.limits);
        let messages = Inbound::Stream(Box::pin(messages));
        self.invoke(metadata, messages).await
    }

    async fn invoke(
        self,
        metadata: MetadataMap,
        messages: Inbound,
    ) -> Result<tonic::Response<ReplyStream>, Status> {
        let metadata = application_metadata(metadata.into_headers());
        let Origin {
            protocol,
            peer,
            trace,
        } = self.origin;
        let mut context = CallContext::of_request(protocol, peer, metadata);
        context.extensions_mut().insert(trace);
        if let Some(deadline) = self.deadline {
            context.limit_deadline(deadline);
        }
        let call = Call {
            method: Arc::clone(&self.entry.info),
            context,
            messages,
        };
        match self.edge.handler.call(call).await {
            Ok(reply) => Ok(reply::response(reply)),
            Err(error) => Err(status::of_error(&error, HeaderMap::new())),
        }
    }
}

/// What is left of the headers when the transport has taken its own.
fn application_metadata(mut headers: HeaderMap) -> HeaderMap {
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TE);
    headers.remove(timeout::GRPC_TIMEOUT);
    headers.remove("grpc-encoding");
    headers.remove("grpc-accept-encoding");
    headers
}

/// tonic answers OUT_OF_RANGE to a request message above the size limit; gRPC's code for it is RESOURCE_EXHAUSTED.
fn name_size_limit(mut response: Response<Body>) -> Response<Body> {
    if let Some(code) = response.headers_mut().get_mut("grpc-status")
        && code == "11"
    {
        *code = HeaderValue::from_static("8");
    }
    response
}
