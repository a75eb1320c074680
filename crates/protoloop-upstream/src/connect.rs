//! One HTTP/2 connection to one address.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use http::Request;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::Notify,
    time::timeout,
};

use crate::tls::Connector;

/// Bytes that the upstream may send ahead on one stream, and on all of a connection together.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// Headers of a response, names and values together.
const HEADER_BYTES: u32 = 64 << 10;

/// How to reach what is behind an address.
#[derive(Clone)]
pub(crate) struct Dial {
    /// Without TLS when left out.
    pub(crate) tls: Option<Connector>,
    /// The host as the URL spells it: what the certificate must be for.
    pub(crate) host: Arc<str>,
    pub(crate) timeout: Duration,
}

/// What takes requests on one connection.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    requests: SendRequest<Bytes>,
    end: Arc<End>,
}

/// Whether a connection takes no more requests.
#[derive(Debug, Default)]
struct End {
    reached: AtomicBool,
    told: Notify,
}

impl Sender {
    pub(crate) fn is_closed(&self) -> bool {
        self.end.reached.load(Ordering::Acquire)
    }

    /// Returns when it takes no more requests. Those on their way may still be answered.
    pub(crate) async fn closed(&self) {
        let told = self.end.told.notified();
        if !self.is_closed() {
            told.await;
        }
    }

    fn close(&self) {
        self.end.reached.store(true, Ordering::Release);
        self.end.told.notify_waiters();
    }

    /// Begins a request whose body is still to be sent. An `Err` means that the upstream has seen nothing of it.
    pub(crate) async fn begin(
        &mut self,
        request: Request<()>,
    ) -> Result<(ResponseFuture, h2::SendStream<Bytes>), h2::Error> {
        let ready = std::future::poll_fn(|cx| self.requests.poll_ready(cx)).await;
        let begun = ready.and_then(|()| self.requests.send_request(request, false));
        begun.inspect_err(|_| self.close())
    }
}

impl Dial {
    /// # Errors
    /// Why there is no connection, in words for whoever calls and for the log.
    pub(crate) async fn connect(&self, address: SocketAddr) -> Result<Sender, String> {
        match timeout(self.timeout, self.attempt(address)).await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {:?}", self.timeout)),
        }
    }

    async fn attempt(&self, address: SocketAddr) -> io::Result<Sender> {
        let stream = TcpStream::connect(address).await?;
        // Small frames must not wait for an acknowledgement.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => handshake(tls.connect(&self.host, stream).await?).await,
        }
    }
}

/// Lets the tasks that are ready run before a connection does, so that what they send leaves in one write: under load a
/// write costs more than everything else about a request.
struct Gathering<F> {
    connection: F,
    waited: bool,
}

impl<F> Gathering<F> {
    fn new(connection: F) -> Self {
        Self {
            connection,
            waited: false,
        }
    }
}

impl<F: Future + Unpin> Future for Gathering<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.waited = !self.waited;
        if self.waited {
            // A task that wakes itself goes to the end of the queue.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.connection).poll(cx)
    }
}

async fn handshake<I>(stream: I) -> io::Result<Sender>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_BYTES)
        .enable_push(false)
        .handshake(stream);
    let (requests, connection) = handshake.await.map_err(io::Error::other)?;
    let sender = Sender {
        requests,
        end: Arc::default(),
    };
    let end = Arc::clone(&sender.end);
    // It lives as long as the streams on it, also when nobody wants new ones.
    tokio::spawn(async move {
        if let Err(error) = Gathering::new(connection).await {
            tracing::debug!(%error, "a connection to an upstream broke");
        }
        end.reached.store(true, Ordering::Release);
        end.told.notify_waiters();
    });
    Ok(sender)
}
