//! One HTTP/2 connection to one address.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};
use tonic::body::Body;

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

/// A connection that has been made.
pub(crate) struct Connected {
    pub(crate) sender: SendRequest<Body>,
    /// Done when the connection is over; carries why, where it did not end in order.
    pub(crate) over: oneshot::Receiver<Option<String>>,
}

impl Dial {
    /// # Errors
    /// Why there is no connection, in words for whoever calls and for the log.
    pub(crate) async fn connect(&self, address: SocketAddr) -> Result<Connected, String> {
        match timeout(self.timeout, self.attempt(address)).await {
            Ok(Ok(connected)) => Ok(connected),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no connection within {:?}", self.timeout)),
        }
    }

    async fn attempt(&self, address: SocketAddr) -> io::Result<Connected> {
        let stream = TcpStream::connect(address).await?;
        // Small frames must not wait for an acknowledgement.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => handshake(stream).await,
            Some(tls) => handshake(tls.connect(&self.host, stream).await?).await,
        }
    }
}

async fn handshake<I>(stream: I) -> io::Result<Connected>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(HEADER_BYTES)
        .handshake::<_, Body>(TokioIo::new(stream));
    let (sender, connection) = handshake.await.map_err(io::Error::other)?;
    let (ended, over) = oneshot::channel();
    // It lives as long as the streams on it, also when nobody wants new ones.
    tokio::spawn(async move {
        let why = connection.await.err().map(|error| error.to_string());
        // Nobody may be left to hear it.
        drop(ended.send(why));
    });
    Ok(Connected { sender, over })
}
