//! Random models, rows, filters, orders and pages are answered as in memory.

use protoloop_repository::laws::random::Sample;

use crate::support::{Place, tables};

/// Samples of one run; `PROTOLOOP_SAMPLES` asks for more.
const SAMPLES: u64 = 24;

/// Questions of each.
const ROUNDS: usize = 60;

#[tokio::test]
async fn random_questions_have_the_same_answers() {
    let asked = std::env::var("PROTOLOOP_SAMPLES");
    let samples = asked
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SAMPLES);
    for seed in 0..samples {
        let sample = Sample::new(seed);
        let tables = tables(sample.proto());
        let place = Place::new();
        let connector = place.open().await;
        let different = sample.differences(&tables, &connector, ROUNDS).await;
        let different = different.unwrap_or_else(|reason| panic!("seed {seed}: {reason}"));
        assert!(
            different.is_empty(),
            "{}\n{}",
            sample.proto(),
            different.join("\n")
        );
    }
}
