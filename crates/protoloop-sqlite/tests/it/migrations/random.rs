//! Whatever schema was there before, behind a migration the database is as if the new one had always been.

use protoloop_testing::migrations::{random_phases, random_schemas};

use crate::support::Places;

#[tokio::test]
async fn a_migrated_database_is_like_a_fresh_one() {
    let places = Places::default();
    random_schemas(60, async || places.open().await).await;
}

#[tokio::test]
async fn two_parts_that_break_off_lose_nothing() {
    let places = Places::default();
    let parted = random_phases(60, async || places.open().await).await;
    assert!(parted > 10, "{parted}");
}
