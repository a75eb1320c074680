//! Waiting for a moment.

use std::{io::ErrorKind, time::Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::net::unix::pipe::Receiver;

/// A timer of the kernel's, which is read like a pipe; the runtime's own ones tick in milliseconds.
#[derive(Debug)]
pub(crate) struct Clock(Receiver);

impl Clock {
    pub(crate) fn new() -> Self {
        let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK);
        let timer = Receiver::from_owned_fd_unchecked(timer.expect("a timer"));
        Self(timer.expect("a runtime that watches files"))
    }

    /// Sleeps until a moment; not at all where it is over.
    pub(crate) async fn until(&self, moment: Instant) {
        let left = moment.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec {
                tv_sec: left.as_secs().cast_signed(),
                tv_nsec: left.subsec_nanos().into(),
            },
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once).expect("a set timer");
        loop {
            self.0.readable().await.expect("a timer that goes off");
            match self.0.try_read(&mut [0; 8]) {
                Err(early) if early.kind() == ErrorKind::WouldBlock => {}
                read => return assert_eq!(read.expect("how often it went off"), 8),
            }
        }
    }
}
