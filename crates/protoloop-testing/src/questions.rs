//! Random models, rows, filters, orders and pages, which every connector answers as memory does.

use protoloop_repository::{Connector, laws::random::Sample};

use crate::tables;

/// Questions of each sample.
const ROUNDS: usize = 60;

/// Asks as many samples as said, or as `PROTOLOOP_SAMPLES` says; each has a database of its own.
///
/// # Panics
/// When an answer is another than that of memory.
pub async fn random_questions<C: Connector>(samples: u64, open: impl AsyncFn() -> C) {
    let asked = std::env::var("PROTOLOOP_SAMPLES").ok();
    let samples = asked.and_then(|text| text.parse().ok()).unwrap_or(samples);
    for seed in 0..samples {
        let sample = Sample::new(seed);
        let tables = tables(sample.proto());
        let different = sample.differences(&tables, &open().await, ROUNDS).await;
        let different = different.unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        assert!(
            different.is_empty(),
            "{}\n{}",
            sample.proto(),
            different.join("\n")
        );
    }
}
