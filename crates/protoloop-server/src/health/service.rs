//! `grpc.health.v1.Health`.

use std::{pin::Pin, sync::Arc};

use futures_core::Stream;
use futures_util::stream;
use tokio::sync::watch;
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

    /// The status now and at every change, also of a service that becomes known later. The stream ends when the server
    /// drains, after it said so: otherwise every watcher would hold up the shutdown.
    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let watching = Watching::new(&self.0, request.into_inner().service);
        let messages = stream::unfold(watching, async |mut watching| {
            let status = watching.next().await?;
            Some((Ok(of(status)), watching))
        });
        Ok(Response::new(Box::pin(messages)))
    }
}

/// One that watches a service.
struct Watching {
    readiness: Arc<Readiness>,
    service: String,
    /// `None` while the server does not know the service.
    status: Option<watch::Receiver<bool>>,
    generation: watch::Receiver<u64>,
    draining: watch::Receiver<bool>,
    /// What it was told last.
    told: Option<ServingStatus>,
}

impl Watching {
    fn new(readiness: &Arc<Readiness>, service: String) -> Self {
        // Before the status is looked up, so that no change is missed.
        let generation = readiness.generation();
        Self {
            status: readiness.status(&service),
            draining: readiness.draining(),
            readiness: Arc::clone(readiness),
            service,
            generation,
            told: None,
        }
    }

    /// The next status that differs from the last one; `None` at the end.
    async fn next(&mut self) -> Option<ServingStatus> {
        loop {
            let drained = *self.draining.borrow_and_update();
            let status = self.status.as_mut();
            let present = match status.map(|status| *status.borrow_and_update()) {
                Some(true) if !drained => ServingStatus::Serving,
                Some(_) => ServingStatus::NotServing,
                None => ServingStatus::ServiceUnknown,
            };
            if self.told != Some(present) {
                self.told = Some(present);
                return Some(present);
            }
            if drained {
                return None;
            }
            self.changed().await;
        }
    }

    /// Waits until there may be something to tell.
    async fn changed(&mut self) {
        let status = async {
            match &mut self.status {
                Some(status) => status.changed().await.is_ok(),
                None => std::future::pending().await,
            }
        };
        // The senders are the server's readiness, which is held here.
        let known = tokio::select! {
            known = status => known,
            _ = self.draining.changed() => return,
            _ = self.generation.changed() => false,
        };
        if !known {
            self.status = self.readiness.status(&self.service);
        }
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
