//! REST/JSON, by the gateway.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use protoloop_core::{BoxFuture, Error, Handler, Origin};
use protoloop_gateway::{KeepAlive, Pace, PageMayCall, Received, RestGateway, Router};
use protoloop_schema::Diagnostics;
use protoloop_wire::Tables;
use tonic::body::Body;
use tower::BoxError;

use crate::{
    ServerConfig,
    port::{ReadTimeout, keep_what_is_about_the_call},
    socket::{Bounds, Handover, Handshake, Tunnel, VERSION},
};

/// Bytes below which compressing an answer is not worth its time, unless the configuration says otherwise.
const COMPRESS_FROM: usize = 1024;

/// How long a stream of events may be silent, unless the configuration says otherwise: half of what proxies commonly wait.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Answers requests that no other protocol claimed, by calling the same handler as the gRPC edge.
pub(crate) struct RestEdge {
    gateway: Arc<RestGateway>,
    handler: Arc<dyn Handler>,
    /// What looks at who calls, for those that wait to send a body.
    admission: Option<Arc<dyn Handler>>,
    /// Of a body that is read as a whole.
    read_timeout: Duration,
    /// Between the pieces of one that is a stream.
    idle_timeout: Duration,
    /// Of a WebSocket.
    bounds: Bounds,
}

impl RestEdge {
    /// # Errors
    /// Every binding that cannot be served.
    pub(crate) fn new(
        tables: &Arc<Tables>,
        handler: Arc<dyn Handler>,
        admission: Option<Arc<dyn Handler>>,
        config: &ServerConfig,
    ) -> Result<Self, Diagnostics> {
        let mut options = config.rest.clone();
        options.max_body_bytes = config.max_request_bytes;
        options.decode.size = config.max_request_bytes;
        options.decode.depth = config.max_message_depth;
        if config.compress_responses && options.compress_from.is_none() {
            options.compress_from = Some(COMPRESS_FROM);
        }
        if options.keep_alive.is_none() {
            let sleep = |time| Box::pin(tokio::time::sleep(time)) as BoxFuture<'static, ()>;
            options.keep_alive = Some(KeepAlive::new(KEEP_ALIVE, sleep));
        }
        let gateway = RestGateway::new(Arc::clone(tables), options)?;
        Ok(Self {
            gateway: Arc::new(gateway),
            bounds: Bounds {
                max_message: config.max_request_bytes,
                ping_after: config.keep_alive_interval,
                ping_timeout: config.keep_alive_timeout,
                read_timeout: config.read_timeout,
            },
            handler,
            admission,
            read_timeout: config.read_timeout,
            idle_timeout: config.idle_timeout,
        })
    }

    /// A request to answer. Forms of the page are taken, of whatever origin, if `page` says so.
    pub(crate) fn received<B>(
        mut request: Request<B>,
        origin: Origin,
        page: Option<PageMayCall>,
    ) -> Received<B> {
        keep_what_is_about_the_call(request.extensions_mut());
        if let Some(page) = page {
            request.extensions_mut().insert(page);
        }
        Received::new(request, origin)
    }

    /// Answers one request. Every outcome is a response.
    pub(crate) fn answer<B>(
        &self,
        received: Received<B>,
    ) -> impl Future<Output = Response<Body>> + Send
    where
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError> + Send,
    {
        let pace = move |body, pace| match pace {
            Pace::Whole => ReadTimeout::new(body, self.read_timeout),
            Pace::Stream => ReadTimeout::between_frames(body, self.idle_timeout),
        };
        let admission = self.admission.as_ref();
        let serving = self
            .gateway
            .serve_paced(received, &self.handler, admission, pace);
        serving.map(|response| response.map(Body::new))
    }

    /// Opens a WebSocket, or says why not.
    pub(crate) async fn open<B>(&self, mut request: Request<B>, origin: Origin) -> Response<Body> {
        let upgrade = hyper::upgrade::on(&mut request);
        let (mut head, _) = request.into_parts();
        keep_what_is_about_the_call(&mut head.extensions);
        let handshake = match Handshake::read(&head.method, head.version, &head.headers) {
            Ok(handshake) => handshake,
            Err(refused) => {
                let refusal = self
                    .gateway
                    .refuse(&head.headers, refused.error, refused.status);
                let mut response = refusal.map(Body::new);
                if refused.status == Some(StatusCode::UPGRADE_REQUIRED) {
                    let headers = response.headers_mut();
                    headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
                    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                }
                return response;
            }
        };
        let opening = self
            .gateway
            .open(head, handshake.format, origin, &self.handler);
        match opening.await {
            Ok(mut conversation) => {
                let mut response = handshake.answer(conversation.headers());
                let tunnel = Tunnel::new(upgrade, conversation, self.bounds);
                response.extensions_mut().insert(Handover::new(tunnel));
                response
            }
            Err(refusal) => refusal.map(Body::new),
        }
    }

    /// The answer to a page that may not open a WebSocket.
    pub(crate) fn refuse(&self, headers: &HeaderMap, error: Error) -> Response<Body> {
        self.gateway.refuse(headers, error, None).map(Body::new)
    }

    pub(crate) fn router(&self) -> &Router {
        self.gateway.router()
    }
}
