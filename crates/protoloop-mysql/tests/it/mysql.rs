//! The same on MySQL, which is another server than MariaDB.

use std::sync::Arc;

use protoloop_mysql::MysqlConnector;
use protoloop_repository::{Connector, laws};
use protoloop_testing::{
    databases::{self, Server},
    faults, migrations, references, statements, tables,
};

use super::random;

async fn open(url: &str) -> MysqlConnector {
    protoloop_mysql::open(url).await.expect("opens")
}

async fn empty(server: &Server) -> MysqlConnector {
    open(&server.database()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_laws_are_kept() {
    let Some(server) = databases::mysql() else {
        return;
    };
    let broken = laws::run(&tables(laws::PROTO), || async {
        Arc::new(empty(server).await) as Arc<dyn Connector>
    })
    .await;
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_questions_have_the_same_answers() {
    if let Some(server) = databases::mysql() {
        random::same_answers(server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    if let Some(server) = databases::mysql() {
        statements::requests_take_as_few_as_they_may(server, 2, open).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_refer_to_one_row_do_not_wait_for_each_other() {
    if let Some(server) = databases::mysql() {
        references::are_held_together(&empty(server).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_is_stopped_at_the_deadline_of_its_call() {
    let Some(server) = databases::mysql() else {
        return;
    };
    let sleeping = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'SELECT SLEEP%'";
    faults::a_passed_deadline(&empty(server).await, "SELECT SLEEP(20)", sleeping).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_change() {
    if let Some(server) = databases::mysql() {
        migrations::wide(async || empty(server).await).await;
        migrations::keys_of_another_kind(async || empty(server).await).await;
        migrations::counted_keys(async || empty(server).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_indexes_and_references_change() {
    if let Some(server) = databases::mysql() {
        migrations::renames_and_drops(async || empty(server).await).await;
        migrations::indexes_and_references(async || empty(server).await).await;
        migrations::other_indexes_and_rules(async || empty(server).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_makes_first_tables_and_those_that_start_together_apply_once() {
    if let Some(server) = databases::mysql() {
        migrations::starts(&empty(server).await).await;
        let url = server.database();
        migrations::together(async || open(&url).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migrated_database_is_like_a_fresh_one() {
    if let Some(server) = databases::mysql() {
        migrations::random_schemas(8, async || empty(server).await).await;
    }
}
