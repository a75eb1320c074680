//! Telling how far it is.

use std::time::Duration;

use protoloop_sql::migrate::Step;

/// Something that happened.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A file or plan begins.
    Begun {
        /// Its id.
        id: &'a str,
        /// How many steps it has.
        steps: usize,
        /// How many of them were done before, by someone who did not finish.
        done: usize,
    },
    /// A step begins.
    Step {
        /// Its place, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The step.
        step: &'a Step,
    },
    /// A step is done.
    Done {
        /// Its place, from 1.
        number: usize,
        /// How long it took.
        took: Duration,
        /// Whether it had been done before.
        before: bool,
    },
}

/// Someone who is told.
pub trait Observer: Send {
    /// Takes notice.
    fn event(&mut self, event: Event<'_>);
}

/// Nobody: steps go to the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn event(&mut self, event: Event<'_>) {
        if let Event::Step { number, of, step } = event {
            tracing::info!(step = %step, number, of, "changing the database");
        }
    }
}

impl<F: FnMut(Event<'_>) + Send> Observer for F {
    fn event(&mut self, event: Event<'_>) {
        self(event);
    }
}
