//! Sockets: accept, TLS, HTTP/1.1 and HTTP/2, and an orderly end.

mod aside;
mod bell;
mod connection;
mod head_timer;
mod linger;
mod outgoing;
mod tls;
mod turns;

use std::{convert::Infallible, future::Future, io, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{ServerConfig, port::Port};
use connection::Connections;
use futures_util::FutureExt as _;
pub(crate) use tls::Renewed;

/// After a failed accept the process is short of something, mostly of file descriptors; trying at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    /// Not ready, and still answering: peers shall open their next connection elsewhere.
    Draining,
    Stopped,
}

/// The part of the grace period that is left for farewells.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves a listener until `shutdown` is done, and then ends: not ready → drain delay → no new connections, GOAWAY →
/// calls in flight finish, for the grace period at most.
pub(crate) async fn serve(
    listener: TcpListener,
    ports: watch::Receiver<Arc<Port>>,
    tls: Option<Renewed>,
    config: Arc<ServerConfig>,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (stage, staged) = watch::channel(Stage::Serving);
    let readiness = Arc::clone(&ports.borrow().readiness);
    let acceptor = tls.as_ref().map(Renewed::subscribe);
    let connections = Connections::new(ports, acceptor, Arc::clone(&config), staged);
    let mut open = JoinSet::new();
    let draining = async {
        shutdown.await;
        readiness.drain();
        stage.send_replace(Stage::Draining);
        tracing::info!(delay_ms = millis(config.drain_delay), "draining");
        sleep(config.drain_delay).await;
    };
    let renewing = async {
        match tls {
            Some(tls) => tls.follow(config.tls_interval).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = draining => {}
        never = renewing => match never {},
        never = accept(&listener, &connections, &mut open, config.max_connections) => match never {},
    }
    // Who has connected in time is answered; the system would break these connections off with the listener.
    while let Some(Ok((stream, peer))) = listener.accept().now_or_never() {
        prepare(&stream);
        open.spawn(connections.serve(stream, peer));
    }
    drop(listener);
    stage.send_replace(Stage::Stopped);
    // WebSockets, which have an end of their own, go first.
    let farewell = async {
        sleep(config.grace_period.saturating_sub(FAREWELL / 2)).await;
        readiness.say_farewell();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = finish(open, config.grace_period) => {}
        () = farewell => {}
    }
    tracing::info!("stopped");
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Accepts connections, never more than `max` at once; the kernel's queue holds the others back.
async fn accept(
    listener: &TcpListener,
    connections: &Connections,
    open: &mut JoinSet<()>,
    max: usize,
) -> Infallible {
    loop {
        while open.len() >= max {
            reap(open.join_next().await);
        }
        tokio::select! {
            Some(ended) = open.join_next() => reap(Some(ended)),
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    prepare(&stream);
                    open.spawn(connections.serve(stream, peer));
                }
                Err(error) => refuse(&error).await,
            },
        }
    }
}

/// A connection's task ends without a value; when it panicked, the log says so and the server goes on.
fn reap(ended: Option<Result<(), tokio::task::JoinError>>) {
    if let Some(Err(error)) = ended {
        tracing::error!(%error, "a connection's task failed");
    }
}

fn prepare(stream: &TcpStream) {
    // Small frames must not wait for an acknowledgement. The connection works without it, so a failure is no reason to
    // refuse.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was refused");
    }
}

async fn refuse(error: &io::Error) {
    let gone = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    );
    if !gone {
        tracing::error!(%error, "cannot accept a connection");
        sleep(ACCEPT_PAUSE).await;
    }
}

async fn finish(mut open: JoinSet<()>, grace: Duration) {
    let all = async {
        while let Some(ended) = open.join_next().await {
            reap(Some(ended));
        }
    };
    if timeout(grace, all).await.is_err() {
        tracing::warn!(connections = open.len(), "cut off after the grace period");
        open.shutdown().await;
    }
}
