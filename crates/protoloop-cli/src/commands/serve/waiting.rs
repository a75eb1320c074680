//! What answers while `serve` waits for its database.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use protoloop::{
    Application, BoxFuture, Call, Check, Error, Handler, MemoryConnector, Phase, Reply, Result,
    Schema, Sequence, ServerConfig, layer_fn,
};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

use super::{LOOK, failed};
use crate::{
    args::Surface,
    datasource::{self, Datasource},
    output::{self, Failure},
};

/// A server that is alive and not ready: probes get their answers, calls UNAVAILABLE.
pub(super) struct WaitingRoom {
    listener: TcpListener,
    address: SocketAddr,
    /// Dropped, it ends the server.
    open: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

/// How long the answers of the last moment may take.
const FAREWELL: Duration = Duration::from_millis(200);

impl WaitingRoom {
    /// Binds the port and answers on it.
    pub(super) async fn open(
        surface: &Surface,
        schema: &Arc<Schema>,
        config: &ServerConfig,
    ) -> Result<Self, Failure> {
        let config = ServerConfig {
            drain_delay: Duration::ZERO,
            grace_period: Duration::from_secs(1),
            // What is refused here is no work of the service.
            observer: None,
            ..config.clone()
        };
        let server = Application::from_schema(Arc::clone(schema))
            .datasource("default", MemoryConnector::new())
            .layers(Sequence::builder().before(Phase::Authenticate, layer_fn(|_| Arc::new(Closed))))
            .check(Check::new("migrations", async || Err(closed())))
            .config(config)
            .build()
            .await
            .map_err(failed)?;
        let (listener, address) = surface.bind().await?;
        let (listener, own) =
            twice(listener).map_err(|error| Failure::at(surface.listen, error))?;
        let (open, closed) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(own, async { drop(closed.await) }));
        output::line(format_args!("waiting on {address} for the database"));
        Ok(Self {
            listener,
            address,
            open,
            serving,
        })
    }

    /// Hands the port over, once nothing accepts from it any more. Who connects meanwhile waits for whoever accepts next.
    pub(super) async fn close(mut self) -> (TcpListener, SocketAddr) {
        drop(self.open);
        if timeout(FAREWELL, &mut self.serving).await.is_err() {
            self.serving.abort();
            // Its end, or that it was aborted: nothing is left of it either way.
            drop(self.serving.await);
        }
        (self.listener, self.address)
    }
}

/// The same socket twice, so that it stays open when one of its owners goes.
fn twice(listener: TcpListener) -> std::io::Result<(TcpListener, TcpListener)> {
    let first = listener.into_std()?;
    let second = first.try_clone()?;
    Ok((
        TcpListener::from_std(first)?,
        TcpListener::from_std(second)?,
    ))
}

/// Answers no call.
struct Closed;

impl Handler for Closed {
    fn call(&self, _: Call) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async { Err(closed()) })
    }
}

fn closed() -> Error {
    Error::unavailable("the server waits until its database has been migrated")
}

/// Opens a datasource once it answers.
pub(super) async fn datasource(url: &str) -> Result<Datasource, Failure> {
    let mut told_before = None;
    loop {
        match datasource::open(url, datasource::Schema::Migrated).await {
            Err(Failure::Away(why)) => {
                if told_before.as_ref() != Some(&why) {
                    tracing::warn!(why, "waiting until the database answers");
                    told_before = Some(why);
                }
                tokio::time::sleep(LOOK).await;
            }
            outcome => return outcome,
        }
    }
}
