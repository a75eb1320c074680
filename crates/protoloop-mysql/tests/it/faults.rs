//! A server that goes away, and calls that take too long.

use protoloop_testing::{databases, faults};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_loses_and_doubles_nothing() {
    let Some(server) = databases::own_mariadb() else {
        return;
    };
    let connector = protoloop_mysql::open(&server.database()).await;
    faults::a_killed_server(&server, &connector.expect("opens")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_is_stopped_at_the_deadline_of_its_call() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let connector = protoloop_mysql::open(&server.database()).await;
    let sleeping = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE 'SELECT SLEEP%'";
    faults::a_passed_deadline(&connector.expect("opens"), "SELECT SLEEP(20)", sleeping).await;
}

#[tokio::test]
async fn who_is_refused_is_told_and_no_password_is_shown() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let url = server.url("nothing_here");
    let error = protoloop_mysql::open(&url).await.expect_err("no database");
    assert_eq!(error.code(), protoloop_core::Code::Unavailable);
    let text = format!("{error} {error:?}");
    assert!(!text.contains(databases::PASSWORD), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_replicas_may_start_at_once() {
    let Some(server) = databases::mariadb() else {
        return;
    };
    let url = server.database();
    let mut connectors = Vec::new();
    for _ in 0..10 {
        connectors.push(protoloop_mysql::open(&url).await.expect("opens"));
    }
    let again = protoloop_mysql::open(&url).await.expect("opens");
    faults::many_starts(connectors, &again, protoloop_repository::laws::PROTO).await;
}
