//! Writers that go on while faults happen.

use std::{
    net::SocketAddr,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

/// How many write at once.
pub(super) const WRITERS: usize = 4;

/// Writers to a service, which may be started anew elsewhere.
pub(super) struct Writers {
    /// Where the service is at the moment.
    address: Mutex<SocketAddr>,
    stop: AtomicBool,
}

impl Writers {
    pub(super) fn new(address: SocketAddr) -> Self {
        Self {
            address: Mutex::new(address),
            stop: AtomicBool::new(false),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        *self.address.lock().expect("nobody panics")
    }

    pub(super) fn moved_to(&self, address: SocketAddr) {
        *self.address.lock().expect("nobody panics") = address;
    }

    /// Has each writer call `write`, with its number and that of its call, until `faults` are over; answers what was
    /// acknowledged.
    pub(super) fn during<T: Send>(
        &self,
        write: impl Fn(usize, usize) -> Option<T> + Sync,
        faults: impl FnOnce(),
    ) -> Vec<T> {
        let all = |writer: usize| -> Vec<T> {
            let calls = (0..).take_while(|_| !self.stop.load(Ordering::Relaxed));
            calls.filter_map(|call| write(writer, call)).collect()
        };
        let all = &all;
        thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| scope.spawn(move || all(writer)))
                .collect();
            {
                let _stop = Stop(&self.stop);
                faults();
            }
            let writers = writers.into_iter();
            writers
                .flat_map(|writer| writer.join().expect("no panic"))
                .collect()
        })
    }
}

/// Stops the writers, also when a fault is not met as it should be.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
