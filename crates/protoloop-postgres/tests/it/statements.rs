//! How many statements calls take.

use protoloop_postgres::PostgresConnector;
use protoloop_repository::Value;
use protoloop_testing::{databases, native, references, statements, streams};

async fn open(url: &str) -> PostgresConnector {
    protoloop_postgres::open(url).await.expect("opens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    if let Some(server) = databases::postgres() {
        statements::requests_take_as_few_as_they_may(server, 1, open).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_wait_share_a_statement() {
    if let Some(server) = databases::postgres() {
        statements::reads_that_wait_share_one(server, open, PostgresConnector::gathered).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_a_statement_each_where_they_are_told_to() {
    if let Some(server) = databases::postgres() {
        statements::reads_take_one_each_where_told_to(server, open, PostgresConnector::gathered)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_refer_to_one_row_do_not_wait_for_each_other() {
    if let Some(server) = databases::postgres() {
        references::are_held_together(&open(&server.database()).await).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_takes_little_memory() {
    if let Some(server) = databases::postgres() {
        let filling = streams::filling(
            "SELECT n FROM generate_series(1, 100000) AS s(n)",
            "repeat('x', 1000)",
        );
        streams::take_little(&open(&server.database()).await, &filling).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_of_ones_own_are_bound_and_end_nothing() {
    if let Some(server) = databases::postgres() {
        native::statements_of_ones_own(&open(&server.database()).await, ["$1", "$2", "$3"]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_prepared_once() {
    if let Some(server) = databases::postgres() {
        let connector = open(&format!("{}?connections=1", server.database())).await;
        let prepared = "SELECT count(*) FROM pg_prepared_statements";
        native::statements_are_prepared_once(&connector, prepared).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn types_of_others_are_read_by_statements_of_ones_own() {
    if let Some(server) = databases::postgres() {
        let text = |text: &str| Value::String(text.to_owned());
        let read = [
            (
                "TIMESTAMP '2026-01-02 03:04:05.5'",
                text("2026-01-02T03:04:05.500000000Z"),
            ),
            ("DATE '2026-01-02'", text("2026-01-02")),
            ("TIME '03:04:05.25'", text("03:04:05.25")),
            ("12.50::numeric", text("12.50")),
            ("'ada'::name", text("ada")),
            ("'{\"a\": 1}'::jsonb", text("{\"a\": 1}")),
            ("pg_sleep(0)", text("")),
        ];
        let connector = open(&server.database()).await;
        native::types_of_others_are_read(
            &connector,
            &read,
            &["ARRAY[1, 2]", "INTERVAL '1 day'", "'10.0.0.1'::inet"],
        )
        .await;
    }
}
