//! REST/JSON, behind the seam of the port.

use std::sync::Arc;

use http::{Request, Response};
use protoloop_core::{BoxFuture, Handler};
use protoloop_gateway::{RestGateway, RestOptions};
use protoloop_schema::Diagnostics;
use protoloop_wire::Tables;
use tonic::body::Body;

use crate::{ServerConfig, grpc::Origin, port::HttpEdge};

/// Answers requests that no other protocol claimed, by calling the same handler as the gRPC edge.
pub(crate) struct RestEdge {
    gateway: RestGateway,
    handler: Arc<dyn Handler>,
}

impl RestEdge {
    /// # Errors
    /// Every binding that cannot be served.
    pub(crate) fn new(
        tables: &Arc<Tables>,
        handler: Arc<dyn Handler>,
        config: &ServerConfig,
    ) -> Result<Self, Diagnostics> {
        let mut options = RestOptions {
            max_body_bytes: config.max_request_bytes,
            ..RestOptions::default()
        };
        options.decode.size = config.max_request_bytes;
        options.decode.depth = config.max_message_depth;
        let gateway = RestGateway::new(Arc::clone(tables), options)?;
        Ok(Self { gateway, handler })
    }
}

impl HttpEdge for RestEdge {
    fn answer(&self, mut request: Request<Body>, origin: Origin) -> BoxFuture<'_, Response<Body>> {
        // What the transport left there is about the connection; the call gets what is about the call.
        request.extensions_mut().clear();
        request.extensions_mut().insert(origin.trace);
        Box::pin(async move {
            let serving = self.gateway.serve(request, origin.peer, &*self.handler);
            serving.await.map(Body::new)
        })
    }
}
