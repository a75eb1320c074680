//! Telling how far it is, on standard error.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use protoloop_migrate::{Event, Observer};

use crate::output;

/// Between two lines about a step that takes long.
const INTERVAL: Duration = Duration::from_secs(5);

/// The step under way, and since when.
type Current = Arc<Mutex<Option<(String, Instant)>>>;

/// Runs something that tells of its steps, with a line for each, and one now and then while a step takes long.
pub(super) async fn shown<T>(work: impl AsyncFnOnce(&mut dyn Observer) -> T) -> T {
    let current = Current::default();
    let mut lines = Lines(Arc::clone(&current));
    let work = work(&mut lines);
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.tick().await;
    loop {
        tokio::select! {
            outcome = &mut work => return outcome,
            _ = ticks.tick() => {
                let current = current.lock().unwrap_or_else(PoisonError::into_inner);
                match &*current {
                    Some((step, since)) => {
                        let seconds = since.elapsed().as_secs();
                        output::note(format_args!("  still at {step}, {seconds} s"));
                    }
                    None => output::note("  waiting for another process that migrates"),
                }
            }
        }
    }
}

struct Lines(Current);

impl Observer for Lines {
    fn event(&mut self, event: Event<'_>) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Begun { id, steps, done: 0 } => {
                output::note(format_args!("{id}: {}", output::counted(steps, "step")));
            }
            Event::Begun { id, steps, done } => {
                output::note(format_args!("{id}: going on behind step {done} of {steps}"));
            }
            Event::Step { number, of, step } => {
                output::note(format_args!("  {number}/{of} {step}"));
                *current = Some((format!("{number}/{of} {}", step.action), Instant::now()));
            }
            Event::Done {
                number,
                took,
                before,
            } => {
                *current = None;
                if before {
                    output::note(format_args!("  {number} had been done"));
                } else if took >= Duration::from_secs(1) {
                    let seconds = took.as_secs_f32();
                    output::note(format_args!("  {number} took {seconds:.1} s"));
                }
            }
        }
    }
}
