//! How many statements calls take, by what the server writes down.

use protoloop_testing::{
    databases,
    statements::{READS, of_reads_at_once, of_requests},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_take_as_few_statements_as_they_may() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let url = server.database();
    server.record(&url);
    let connector = protoloop_postgres::open(&url).await.expect("opens");
    let counts = of_requests(&connector, || server.recorded(&url).len()).await;
    let due = [
        ("create", 1),
        ("create, referring", 1),
        ("create many", 1),
        ("get", 1),
        ("get many", 1),
        ("list", 1),
        ("list with a filter", 1),
        ("count", 1),
        ("get with one", 2),
        ("list with many", 2),
        ("update", 1),
        ("update, stamped", 1),
        ("delete", 4),
    ];
    assert_eq!(counts, due, "{:#?}", server.recorded(&url));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_that_wait_share_a_statement() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let url = format!("{}?connections=3", server.database());
    server.record(&url);
    let connector = protoloop_postgres::open(&url).await.expect("opens");
    let taken = of_reads_at_once(&connector, || server.recorded(&url).len()).await;
    assert!(taken <= READS / 10, "{taken} statements");
    let gathered = connector.gathered();
    assert!(gathered.reads > gathered.statements * 10, "{gathered:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_take_a_statement_each_where_they_are_told_to() {
    let Some(server) = databases::postgres() else {
        return;
    };
    let url = format!("{}?connections=3&gather=off", server.database());
    server.record(&url);
    let connector = protoloop_postgres::open(&url).await.expect("opens");
    let taken = of_reads_at_once(&connector, || server.recorded(&url).len()).await;
    assert_eq!(taken, READS);
    assert_eq!(connector.gathered().statements, 0);
}
