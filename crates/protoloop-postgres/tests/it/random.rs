//! Random questions are answered as in memory.

use protoloop_testing::{databases, random_questions};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_questions_have_the_same_answers() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let open = async || protoloop_postgres::open(&server.database()).await;
    random_questions(12, async || open().await.expect("opens")).await;
}
