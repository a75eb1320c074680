//! Random questions are answered as in memory.

use protoloop_testing::random_questions;

use crate::support::Places;

#[tokio::test]
async fn random_questions_have_the_same_answers() {
    let places = Places::default();
    random_questions(24, async || places.open().await).await;
}
