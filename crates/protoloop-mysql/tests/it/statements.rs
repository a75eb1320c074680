//! How many statements calls take.

use protoloop_mysql::MysqlConnector;
use protoloop_repository::Value;
use protoloop_testing::{databases, native, references, statements, streams};

async fn open(url: &str) -> MysqlConnector {
    protoloop_mysql::open(url).await.expect("opens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    if let Some(server) = databases::mariadb() {
        statements::requests_take_as_few_as_they_may(server, 2, open).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_wait_share_a_statement() {
    if let Some(server) = databases::mariadb() {
        statements::reads_that_wait_share_one(server, open, MysqlConnector::gathered).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_a_statement_each_where_they_are_told_to() {
    if let Some(server) = databases::mariadb() {
        statements::reads_take_one_each_where_told_to(server, open, MysqlConnector::gathered).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_refer_to_one_row_do_not_wait_for_each_other() {
    if let Some(server) = databases::mariadb() {
        references::are_held_together(&open(&server.database()).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_takes_little_memory() {
    if let Some(server) = databases::mariadb() {
        let filling = streams::filling("SELECT seq AS n FROM seq_1_to_100000", "repeat('x', 1000)");
        streams::take_little(&open(&server.database()).await, &filling).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_ones_own_are_bound_and_end_nothing() {
    if let Some(server) = databases::mariadb() {
        native::statements_of_ones_own(&open(&server.database()).await, ["?", "?", "?"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_prepared_once() {
    if let Some(server) = databases::mariadb() {
        let connector = open(&format!("{}?connections=1", server.database())).await;
        let prepared = "SELECT variable_value FROM information_schema.session_status WHERE variable_name = 'COM_STMT_PREPARE'";
        native::statements_are_prepared_once(&connector, prepared).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_of_others_are_read_by_statements_of_ones_own() {
    if let Some(server) = databases::mariadb() {
        let text = |text: &str| Value::String(text.to_owned());
        let read = [
            (
                "TIMESTAMP '2026-01-02 03:04:05.5'",
                text("2026-01-02T03:04:05.500000000Z"),
            ),
            ("DATE '2026-01-02'", text("2026-01-02")),
            ("TIME '-30:04:05.25'", text("-30:04:05.25")),
            ("CAST(12.50 AS DECIMAL(5,2))", text("12.50")),
            ("'ada'", text("ada")),
        ];
        let connector = open(&server.database()).await;
        native::types_of_others_are_read(&connector, &read, &[]).await;
    }
}
