//! What has been written to a connection and has not gone out yet.
//!
//! HTTP throws away what it still holds of an answer whose body fails. So a body that breaks off, in order to tell that it
//! is not whole, first waits until everything in front of the break has left the process.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use protoloop_core::BoxFuture;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
    time::{Timeout, sleep, timeout},
};

/// How much longer a stream of HTTP/2 is left open. A reset overtakes what came before it within the client: libraries throw
/// away what they have not handed out yet. The end of a connection does not.
const SETTLE: Duration = Duration::from_secs(1);

/// What socket, connection and bodies of one connection know of each other. What there is to do for an answer that does
/// not fail is to store one flag when it is written, and one when it is flushed.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Bytes were written that no flush has followed: the connection may hold more of them.
    written: AtomicBool,
    /// Somebody waits.
    wanted: AtomicBool,
    /// Their end tells who waits that it is time.
    waiting: Mutex<Vec<oneshot::Sender<()>>>,
    /// Wakes the task that polls the connection.
    connection: Waker,
    /// How long a peer may take to let everything go out.
    limit: Duration,
}

impl Outgoing {
    /// `connection` wakes the task that is going to poll the connection.
    pub(super) fn new(connection: Waker, limit: Duration) -> Self {
        Self {
            written: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            waiting: Mutex::default(),
            connection,
            limit,
        }
    }

    /// Polls the connection.
    ///
    /// A poll takes whatever bodies have given by its beginning as far as the peer has room for it, and writes it. When it
    /// ends without a byte that waits for the socket, all of that is out.
    pub(super) fn poll<F: Future>(&self, connection: Pin<&mut F>) -> Poll<F::Output> {
        let cx = &mut Context::from_waker(&self.connection);
        if !self.wanted.load(Ordering::Acquire) {
            return connection.poll(cx);
        }
        let before = std::mem::take(&mut *self.waiting());
        let polled = connection.poll(cx);
        let out = polled.is_ready() || !self.written.load(Ordering::Relaxed);
        let mut waiting = self.waiting();
        if !out {
            waiting.extend(before);
        }
        self.wanted.store(!waiting.is_empty(), Ordering::Release);
        polled
    }

    /// Waits until what bodies have given so far is out, or for the longest time that a peer has for it.
    fn gone(&self) -> Timeout<oneshot::Receiver<()>> {
        let (waiting, gone) = oneshot::channel();
        let mut all = self.waiting();
        all.push(waiting);
        self.wanted.store(true, Ordering::Release);
        drop(all);
        self.connection.wake_by_ref();
        timeout(self.limit, gone)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<oneshot::Sender<()>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes up to which pieces are written as one: copying them takes less than telling the kernel of several.
const SMALL: usize = 2 << 10;

/// A stream that tells [`Outgoing`] what happens to it.
pub(super) struct Watched<I> {
    inner: I,
    outgoing: Arc<Outgoing>,
    /// Small pieces as one.
    joined: Vec<u8>,
}

impl<I> Watched<I> {
    pub(super) fn new(inner: I, outgoing: &Arc<Outgoing>) -> Self {
        let outgoing = Arc::clone(outgoing);
        Self {
            inner,
            outgoing,
            joined: Vec::new(),
        }
    }
}

impl<I: AsyncRead + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<I: AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.outgoing.written.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // HTTP flushes when it holds nothing more itself.
        let flushed = ready!(Pin::new(&mut self.inner).poll_flush(cx));
        self.outgoing.written.store(false, Ordering::Relaxed);
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.outgoing.written.store(true, Ordering::Relaxed);
        if pieces.iter().map(|piece| piece.len()).sum::<usize>() > SMALL {
            return Pin::new(&mut this.inner).poll_write_vectored(cx, pieces);
        }
        this.joined.clear();
        pieces
            .iter()
            .for_each(|piece| this.joined.extend_from_slice(piece));
        Pin::new(&mut this.inner).poll_write(cx, &this.joined)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

/// The body of an answer: it fails when what came before is out, and keeps a guard until it is sent or given up.
pub(super) struct Answer<B: Body, G> {
    body: B,
    broken: Option<Box<Broken<B::Error>>>,
    guard: G,
    http1: bool,
}

struct Broken<E> {
    error: Option<E>,
    /// Until it may fail.
    wait: BoxFuture<'static, ()>,
}

impl<B: Body, G: AsRef<Outgoing>> Answer<B, G> {
    pub(super) fn new(body: B, guard: G, http1: bool) -> Self {
        Self {
            body,
            broken: None,
            guard,
            http1,
        }
    }

    fn wait(guard: &G, http1: bool) -> BoxFuture<'static, ()> {
        let gone = guard.as_ref().gone();
        Box::pin(async move {
            // Whether it is out or the time is over, there is nothing more to wait for.
            let out = gone.await.is_ok();
            if out && !http1 {
                sleep(SETTLE).await;
            }
        })
    }
}

impl<B, G> Body for Answer<B, G>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Unpin,
    G: AsRef<Outgoing> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = &mut *self;
        let broken = match &mut this.broken {
            Some(broken) => broken,
            none => match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                // HTTP/2 asks for a frame when the peer has room for it, so behind everything that came before.
                Some(Err(error)) => none.insert(Box::new(Broken {
                    error: Some(error),
                    wait: Self::wait(&this.guard, this.http1),
                })),
                frame => return Poll::Ready(frame),
            },
        };
        ready!(broken.wait.as_mut().poll(cx));
        Poll::Ready(broken.error.take().map(Err))
    }

    fn is_end_stream(&self) -> bool {
        self.broken.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
