//! Something that waits beside a connection.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// A future that shares a task with a busy one, and is polled only when it was woken itself. Timers, of which a poll costs as
/// much as a small part of a call, are so looked at when their time has come, and not for every byte that arrives.
pub(super) struct Aside<'a, F> {
    future: Pin<&'a mut F>,
    woken: Arc<Woken>,
    waker: Waker,
}

struct Woken {
    flag: AtomicBool,
    task: Waker,
}

impl<'a, F> Aside<'a, F> {
    /// `task` wakes the task that polls this.
    pub(super) fn new(future: Pin<&'a mut F>, task: &Waker) -> Self {
        let woken = Arc::new(Woken {
            flag: AtomicBool::new(true),
            task: task.clone(),
        });
        Self {
            future,
            waker: Waker::from(Arc::clone(&woken)),
            woken,
        }
    }
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.flag.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}

impl<F: Future> Future for Aside<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<F::Output> {
        let flag = &self.woken.flag;
        if !(flag.load(Ordering::Relaxed) && flag.swap(false, Ordering::Acquire)) {
            return Poll::Pending;
        }
        let this = &mut *self;
        this.future
            .as_mut()
            .poll(&mut Context::from_waker(&this.waker))
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin};

    use super::*;

    #[tokio::test]
    async fn it_is_polled_when_it_was_woken() {
        let mut polls = 0;
        let mut own = None;
        let future = pin!(poll_fn(|cx| {
            polls += 1;
            own = Some(cx.waker().clone());
            match polls {
                3 => Poll::Ready(polls),
                _ => Poll::Pending,
            }
        }));
        let task = Waker::noop();
        let mut aside = Aside::new(future, task);
        let mut poll = || Pin::new(&mut aside).poll(&mut Context::from_waker(task));
        // The first poll is its own; those of the neighbour are not.
        for _ in 0..3 {
            assert!(poll().is_pending());
        }
        drop(aside);
        assert_eq!(polls, 1);
        assert!(own.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_beside_a_busy_future_ends_in_time() {
        let task = poll_fn(|cx| Poll::Ready(cx.waker().clone())).await;
        let timer = pin!(tokio::time::sleep(std::time::Duration::from_secs(5)));
        let begun = tokio::time::Instant::now();
        let aside = Aside::new(timer, &task);
        let busy = async {
            loop {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
        };
        tokio::select! {
            () = aside => {}
            () = busy => {}
        }
        assert_eq!(begun.elapsed().as_secs(), 5);
    }
}
