//! Schemas that change under rows.

use protoloop_mysql::MysqlConnector;
use protoloop_testing::{
    databases::{self, Server},
    migrations,
};

/// An empty database.
async fn empty(server: &Server) -> MysqlConnector {
    let connector = protoloop_mysql::open(&server.database()).await;
    connector.expect("opens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_that_take_all_values_change_by_themselves() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::wide(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_that_may_not_take_a_value_need_a_word() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::narrow(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_change_and_values_stay() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::renames_and_drops(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_and_foreign_keys_come_to_tables_with_rows() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::indexes_and_references(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_makes_first_tables_and_refuses_differences() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::starts(&empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_start_together_apply_once() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let url = server.database();
    migrations::together(async || protoloop_mysql::open(&url).await.expect("opens")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_broke_off_is_gone_on_from() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::crashes_at_every_step(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migrated_database_is_like_a_fresh_one() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::random_schemas(30, async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_parts_that_break_off_lose_nothing() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let parted = migrations::random_phases(15, async || empty(server).await).await;
    assert!(parted > 3, "{parted}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_may_come_to_be_counted_up() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::counted_keys(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_and_rules_are_made_anew() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::other_indexes_and_rules(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_with_those_that_refer_to_them() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    migrations::keys_of_another_kind(async || empty(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_in_use_are_waited_for_in_turns() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let url = format!("{}?lock_timeout_ms=1000", server.database());
    let connector = protoloop_mysql::open(&url).await.expect("opens");
    migrations::waits_in_turns(&connector).await;
}
