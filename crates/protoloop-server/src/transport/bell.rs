//! Waking a connection, and not waking it in vain.

use std::{
    cell::Cell,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use http_body::{Body, Frame};

/// Wakes the task of a connection, but for what a body says to it while [`Bell::held`] polls that body.
///
/// HTTP/1.1 wakes its task for every piece of a request's body that is taken, so that it reads the next one. Behind the last
/// piece nothing follows, and the whole connection would be polled once more for it.
#[derive(Debug)]
pub(super) struct Bell {
    task: Waker,
}

thread_local! {
    /// The address of the bell that is held on this thread; 0 for none.
    static HELD: Cell<usize> = const { Cell::new(0) };
    /// Whether it was rung.
    static RUNG: Cell<bool> = const { Cell::new(false) };
}

impl Bell {
    /// `task` wakes the task of the connection.
    pub(super) fn new(task: Waker) -> Arc<Self> {
        Arc::new(Self { task })
    }

    /// Polls a body. Who rings meanwhile on this thread is heard afterwards, unless the body is then at its end.
    pub(super) fn held<B: Body<Data = Bytes> + Unpin>(
        self: &Arc<Self>,
        body: &mut B,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let holding = Holding(HELD.replace(self.address()));
        let polled = Pin::new(&mut *body).poll_frame(cx);
        drop(holding);
        let is_over = matches!(polled, Poll::Ready(Some(Ok(_)))) && body.is_end_stream();
        if RUNG.replace(false) && !is_over {
            self.task.wake_by_ref();
        }
        polled
    }

    fn address(self: &Arc<Self>) -> usize {
        Arc::as_ptr(self).addr()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match HELD.get() == self.address() {
            true => RUNG.set(true),
            false => self.task.wake_by_ref(),
        }
    }
}

/// The bell that was held before, which is held again afterwards, even behind a panic.
struct Holding(usize);

impl Drop for Holding {
    fn drop(&mut self) {
        HELD.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A body of pieces that rings for each.
    struct Ringing {
        bell: Waker,
        elsewhere: bool,
        pieces: usize,
    }

    impl Body for Ringing {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let bell = self.bell.clone();
            match self.elsewhere {
                true => std::thread::spawn(|| bell.wake()).join().expect("no panic"),
                false => bell.wake(),
            }
            self.pieces -= 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::new()))))
        }

        fn is_end_stream(&self) -> bool {
            self.pieces == 0
        }
    }

    /// How often a connection is woken by a body of so many pieces, which rings its bell or another connection's.
    fn woken(pieces: usize, own: bool, elsewhere: bool) -> usize {
        let count = Arc::new(Count::default());
        let bell = Bell::new(Arc::clone(&count).into());
        let other = Bell::new(Arc::clone(&count).into());
        let mut body = Ringing {
            bell: Waker::from(if own { Arc::clone(&bell) } else { other }),
            elsewhere,
            pieces,
        };
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..pieces {
            assert!(bell.held(&mut body, &mut cx).is_ready());
        }
        let woken = count.0.load(Ordering::Relaxed);
        Waker::from(bell).wake();
        assert_eq!(
            count.0.load(Ordering::Relaxed),
            woken + 1,
            "it is still held"
        );
        woken
    }

    #[test]
    fn the_last_piece_wakes_nobody() {
        assert_eq!(woken(1, true, false), 0);
        assert_eq!(woken(3, true, false), 2);
    }

    #[test]
    fn who_rings_from_elsewhere_or_for_another_is_heard() {
        assert_eq!(woken(1, false, false), 1);
        assert_eq!(woken(1, true, true), 1);
    }
}
