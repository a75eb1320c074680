//! An application that can be served, and one that is.

use std::{fmt, future::Future, net::SocketAddr, sync::Arc};

use protoloop_core::Handler;
use protoloop_repository::Connector;
use protoloop_schema::Schema;
use protoloop_server::Server;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::ApplicationError;

/// An application that is complete and checked, and has not opened a port.
pub struct ApplicationServer {
    pub(super) server: Server,
    pub(super) schema: Arc<Schema>,
    pub(super) connectors: Vec<Arc<dyn Connector>>,
}

impl ApplicationServer {
    /// The schema, synthesised services included.
    #[must_use]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The whole sequence with the handlers behind it, for calls inside the process: they meet the same layers as a call
    /// from outside.
    #[must_use]
    pub fn handler(&self) -> Arc<dyn Handler> {
        self.server.handler()
    }

    /// Serves every protocol on `listener` until `shutdown` is done; then finishes the calls in flight and closes the
    /// datasources.
    pub async fn serve(self, listener: TcpListener, shutdown: impl Future<Output = ()> + Send) {
        self.server.serve(listener, shutdown).await;
        for connector in self.connectors {
            connector.close().await;
        }
    }
}

impl fmt::Debug for ApplicationServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApplicationServer")
            .field("server", &self.server)
            .field("connectors", &self.connectors)
            .finish_non_exhaustive()
    }
}

/// An application that serves in the background. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(super) fn start(
        server: ApplicationServer,
        listener: TcpListener,
    ) -> Result<Self, ApplicationError> {
        let address = listener
            .local_addr()
            .map_err(|error| ApplicationError::one(format!("the listener's address: {error}")))?;
        let (stop, stopped) = oneshot::channel();
        // A dropped sender stops the server too.
        let stopped = async { drop(stopped.await) };
        let task = tokio::spawn(server.serve(listener, stopped));
        Ok(Self {
            address,
            stop,
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops: calls in flight finish, datasources are closed.
    pub async fn shutdown(self) {
        // Both fail only when the server has ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}
