//! `grpc.health.v1.Health`.

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;
use futures_util::{StreamExt as _, future, stream};
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus,
    health_server::{Health, HealthServer},
};

use super::Readiness;

/// Answers from the server's readiness.
#[derive(Clone, Debug)]
pub(crate) struct HealthService(Arc<Readiness>);

impl HealthService {
    pub(crate) fn new(readiness: &Arc<Readiness>) -> Self {
        Self(Arc::clone(readiness))
    }

    pub(crate) fn server(readiness: &Arc<Readiness>) -> HealthServer<Self> {
        HealthServer::new(Self::new(readiness))
    }
}

#[tonic::async_trait]
impl Health for HealthService {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        let status = self
            .0
            .status(&service)
            .ok_or_else(|| Status::not_found(format!("this server has no service {service:?}")))?;
        let serving = *status.borrow();
        Ok(Response::new(response(serving)))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    /// The status now and at every change. The stream ends when the server drains, after it said so: otherwise every
    /// watcher would hold up the shutdown.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let draining = WatchStream::new(self.0.draining());
        let drained = draining
            .filter(|drained| future::ready(*drained))
            .into_future();
        let messages = match self.0.status(&request.into_inner().service) {
            Some(status) => WatchStream::new(status)
                .map(response)
                .take_until(drained)
                .chain(stream::iter([response(false)]))
                .left_stream(),
            None => stream::iter([of(ServingStatus::ServiceUnknown)])
                .chain(stream::pending())
                .take_until(drained)
                .right_stream(),
        };
        Ok(Response::new(Box::pin(messages.map(Ok))))
    }
}

fn response(serving: bool) -> HealthCheckResponse {
    of(if serving {
        ServingStatus::Serving
    } else {
        ServingStatus::NotServing
    })
}

fn of(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse {
        status: status.into(),
    }
}
