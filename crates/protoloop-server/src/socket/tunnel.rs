//! From the answer that opens a socket to the frames on it.

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use protoloop_gateway::Conversation;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};

use super::session::Session;

/// Bytes that are read at once. An idle socket holds a buffer of that size.
const READ_BUFFER: usize = 4 << 10;
/// Bytes that are gathered before they are written, while the method has more.
const WRITE_BUFFER: usize = 16 << 10;

/// The bounds of a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of one message from the caller.
    pub(crate) max_message: usize,
    /// How long the caller may be silent before it is asked for a sign of life.
    pub(crate) ping_after: Option<Duration>,
    /// How long it may take to give one.
    pub(crate) ping_timeout: Duration,
    /// How long the caller may take for the one message of a method that takes no stream.
    pub(crate) read_timeout: Duration,
}

/// A socket that is about to be opened, and the call it is for.
pub(crate) struct Tunnel {
    upgrade: OnUpgrade,
    conversation: Conversation,
    bounds: Bounds,
}

impl Tunnel {
    pub(crate) fn new(upgrade: OnUpgrade, conversation: Conversation, bounds: Bounds) -> Self {
        Self {
            upgrade,
            conversation,
            bounds,
        }
    }

    /// Serves the socket to its end. When `going` is done the call is cut off, and the caller told to come again.
    pub(crate) async fn run(self, going: impl Future<Output = ()>) {
        let stream = match self.upgrade.await {
            Ok(stream) => TokioIo::new(stream),
            Err(error) => {
                tracing::debug!(%error, "a WebSocket was not opened");
                return;
            }
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.bounds.max_message))
            .max_frame_size(Some(self.bounds.max_message));
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
        Session::new(socket, self.conversation, self.bounds)
            .run(going)
            .await;
    }
}

/// A tunnel on its way through the extensions of a response, to be taken once.
#[derive(Clone)]
pub(crate) struct Handover(Arc<Mutex<Option<Tunnel>>>);

impl Handover {
    pub(crate) fn new(tunnel: Tunnel) -> Self {
        Self(Arc::new(Mutex::new(Some(tunnel))))
    }

    pub(crate) fn take(&self) -> Option<Tunnel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handover").finish_non_exhaustive()
    }
}
