//! The bounded queue between the socket and a method that takes a stream.

use std::{
    collections::VecDeque,
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_core::Stream;
use protoloop_core::Result;

/// Messages, and their bytes, that wait for the method before no more is read from the socket. One always fits.
const MAX_MESSAGES: usize = 16;
const MAX_BYTES: usize = 64 << 10;

/// The end of the queue that the socket fills.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    messages: VecDeque<Bytes>,
    bytes: usize,
    /// The caller has sent everything.
    ended: bool,
    /// The method waits for a message, or has before.
    asked: bool,
    /// The method wants no more of them.
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// The end that the method reads.
pub(crate) struct Messages(Arc<Mutex<Queue>>);

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Inbox {
    /// What the method reads; taken once.
    pub(crate) fn messages(&self) -> Messages {
        Messages(Arc::clone(&self.0))
    }

    pub(crate) fn push(&self, message: Bytes) {
        let mut queue = lock(&self.0);
        if queue.abandoned {
            return;
        }
        queue.bytes += message.len();
        queue.messages.push_back(message);
        let reader = queue.reader.take();
        drop(queue);
        wake(reader);
    }

    /// Nothing more will come.
    pub(crate) fn end(&self) {
        let mut queue = lock(&self.0);
        queue.ended = true;
        let reader = queue.reader.take();
        drop(queue);
        wake(reader);
    }

    /// Whether there is room for one more; if not, the task is woken when there is.
    pub(crate) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = lock(&self.0);
        let room = queue.messages.len() < MAX_MESSAGES && queue.bytes < MAX_BYTES;
        if room || queue.abandoned {
            return Poll::Ready(());
        }
        queue.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Whether the method has asked for a message that was not there; if not, the task is woken when it does.
    pub(crate) fn poll_asked(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = lock(&self.0);
        if queue.asked || queue.abandoned {
            return Poll::Ready(());
        }
        queue.writer = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl Stream for Messages {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queue = lock(&self.0);
        if let Some(message) = queue.messages.pop_front() {
            queue.bytes -= message.len();
            let writer = queue.writer.take();
            drop(queue);
            wake(writer);
            return Poll::Ready(Some(Ok(message)));
        }
        if queue.ended {
            return Poll::Ready(None);
        }
        queue.reader = Some(cx.waker().clone());
        let first = !mem::replace(&mut queue.asked, true);
        let writer = queue.writer.take().filter(|_| first);
        drop(queue);
        wake(writer);
        Poll::Pending
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.abandoned = true;
        let left = mem::take(&mut queue.messages);
        let writer = queue.writer.take();
        drop(queue);
        drop(left);
        wake(writer);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use futures_util::{FutureExt as _, StreamExt as _};

    use super::*;

    #[test]
    fn no_more_is_read_than_the_method_takes() {
        let mut cx = Context::from_waker(Waker::noop());
        let inbox = Inbox::default();
        let mut messages = inbox.messages();
        assert!(inbox.poll_asked(&mut cx).is_pending());
        for _ in 0..MAX_MESSAGES {
            assert!(inbox.poll_room(&mut cx).is_ready());
            inbox.push(Bytes::from_static(b"m"));
        }
        assert!(inbox.poll_room(&mut cx).is_pending());
        assert!(messages.next().now_or_never().is_some());
        assert!(inbox.poll_room(&mut cx).is_ready());
        while messages.next().now_or_never().is_some() {}
        assert!(inbox.poll_asked(&mut cx).is_ready());
        inbox.push(vec![0; MAX_BYTES].into());
        assert!(inbox.poll_room(&mut cx).is_pending());
        drop(messages);
        assert!(inbox.poll_room(&mut cx).is_ready(), "nobody to wait for");
    }
}
