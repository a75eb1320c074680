//! Random models, rows, filters, orders and pages are answered as in memory.

use protoloop_repository::laws::random::Sample;
use protoloop_testing::{
    databases::{self, Server},
    tables,
};

/// Samples of one run; `PROTOLOOP_SAMPLES` asks for more.
const SAMPLES: u64 = 12;

/// Questions of each.
const ROUNDS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_questions_have_the_same_answers() {
    if let Some(server) = databases::mariadb() {
        same_answers(server).await;
    }
}

/// As many samples as are asked for.
pub(crate) async fn same_answers(server: &Server) {
    let asked = std::env::var("PROTOLOOP_SAMPLES");
    let samples = asked
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SAMPLES);
    for seed in 0..samples {
        let sample = Sample::new(seed);
        let tables = tables(sample.proto());
        let connector = protoloop_mysql::open(&server.database()).await;
        let connector = connector.expect("opens");
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
