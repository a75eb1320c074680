//! From models to tables and back: what is discovered of the tables of random models fits them, on every database.

use std::sync::Arc;

use protoloop_discover::{Lock, Options, discover};
use protoloop_migrate::{Desired, Migrator, Options as MigrateOptions, Quiet, State, Target};
use protoloop_repository::{Model, laws::random::Sample};
use protoloop_testing::{databases, tables};

/// Samples of one run; `PROTOLOOP_SAMPLES` asks for more.
const SAMPLES: u64 = 8;

fn samples() -> impl Iterator<Item = (u64, Sample)> {
    let asked = std::env::var("PROTOLOOP_SAMPLES").ok();
    let samples = asked.and_then(|text| text.parse().ok()).unwrap_or(SAMPLES);
    (0..samples).map(|seed| (seed, Sample::new(seed)))
}

fn desired(text: &str, target: &dyn Target) -> Desired {
    let models: Vec<Arc<Model>> = Model::all(&tables(text)).expect("models");
    Desired::new(&models, target.dialect()).expect("tables")
}

async fn round_trip(seed: u64, sample: &Sample, target: &dyn Target) {
    let own = desired(sample.proto(), target);
    let migrator = Migrator::new(target, &own, MigrateOptions::default());
    migrator.apply(&mut Quiet).await.expect("tables are made");

    let dialect = target.dialect();
    let mut session = target.open(None).await.expect("opens");
    let state = State::read_with(&mut *session, dialect, true).await;
    session.close().await;
    let live = state.expect("is read").live;
    let found = discover(&live, dialect.name(), &Options::default(), &Lock::default());
    let left_out: Vec<_> = found
        .notices
        .iter()
        .filter(|notice| notice.left_out)
        .collect();
    assert!(
        left_out.is_empty(),
        "seed {seed}: {left_out:?}\n{}",
        sample.proto()
    );

    let theirs = desired(&found.text, target);
    let plan = Migrator::new(target, &theirs, MigrateOptions::default())
        .plan()
        .await;
    let plan = plan.expect("a plan");
    assert!(
        plan.is_empty(),
        "seed {seed}: {plan:#?}\n{}\n{}",
        sample.proto(),
        found.text
    );
    let again = discover(&live, dialect.name(), &Options::default(), &found.lock);
    assert_eq!(again.text, found.text);
}

#[tokio::test]
async fn tables_in_sqlite_lead_back_to_models_that_fit() {
    for (seed, sample) in samples() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("data.db").display());
        let connector = protoloop_sqlite::SqliteConnector::open(&url).await;
        round_trip(seed, &sample, &connector.expect("opens")).await;
    }
}

#[tokio::test]
async fn tables_in_postgres_lead_back_to_models_that_fit() {
    let Some(server) = databases::postgres() else {
        return;
    };
    for (seed, sample) in samples() {
        let connector = protoloop_postgres::open(&server.database()).await;
        round_trip(seed, &sample, &connector.expect("opens")).await;
    }
}

#[tokio::test]
async fn tables_in_mariadb_lead_back_to_models_that_fit() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    for (seed, sample) in samples() {
        let connector = protoloop_mysql::open(&server.database()).await;
        round_trip(seed, &sample, &connector.expect("opens")).await;
    }
}
