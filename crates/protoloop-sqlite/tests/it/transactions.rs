//! Transactions, statements that are stopped, and statements of one's own.

use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use protoloop_core::{CallContext, Code};
use protoloop_repository::{
    Changes, Connector as _, Query, Record, RepositoryExt as _, TransactionOptions, Value,
};
use protoloop_sqlite::SqliteConnector;

use crate::support::{Place, Rows, TODO, models};

async fn filled(place: &Place, count: usize) -> (SqliteConnector, Rows) {
    let (connector, rows) = place.repository(TODO).await;
    let cx = CallContext::new();
    for start in (0..count).step_by(1_000) {
        let records = (start..count.min(start + 1_000))
            .map(|number| rows.record(&format!(r#"{{"id": "n{number:06}", "count": {number}}}"#)));
        rows.0
            .create_all(&cx, records.collect())
            .await
            .expect("created");
    }
    (connector, rows)
}

fn in_time(millis: u64) -> CallContext {
    let mut cx = CallContext::new();
    cx.limit_deadline(Instant::now() + Duration::from_millis(millis));
    cx
}

/// A statement that would count for minutes.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) \
                    UPDATE todos SET count = (SELECT max(i) FROM n)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_stops_a_statement_and_takes_it_back() {
    for url in [None, Some("sqlite::memory:")] {
        let place = Place::new();
        let (_connector, rows) = match url {
            None => filled(&place, 10).await,
            Some(url) => {
                let connector = SqliteConnector::open(url).await.expect("opens");
                let models = models(TODO);
                connector.prepare(&models).await.expect("prepares");
                let rows = Rows(connector.repository(&models[0]).expect("prepared"));
                rows.create(r#"{"id": "a"}"#).await.expect("created");
                (connector, rows)
            }
        };
        let late = rows.0.execute(&in_time(100), SLOW, &[]).await;
        assert_eq!(late.expect_err("late").code(), Code::DeadlineExceeded);
        let began = Instant::now();
        // The connection is free again at once, and nothing was changed.
        rows.create(r#"{"id": "b", "count": 7}"#)
            .await
            .expect("created");
        let large = "SELECT count(*) AS c FROM todos WHERE count > 1000";
        let large = rows.0.execute(&CallContext::new(), large, &[]).await;
        let large = large.expect("counted");
        assert_eq!(large.rows[0].get("c"), Some(&Value::I64(0)));
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{:?}",
            began.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_takes_its_transaction_with_it() {
    let place = Place::new();
    let (connector, rows) = filled(&place, 3).await;
    let cx = CallContext::new();
    let options = TransactionOptions::new();
    let transaction = connector.begin(&cx, &options).await.expect("begun");
    let inside = transaction.cx();
    rows.0
        .delete_by_id(inside, &"n000000".into())
        .await
        .expect("deleted");
    let slow = rows.0.execute(inside, SLOW, &[]);
    let dropped = tokio::time::timeout(Duration::from_millis(100), slow).await;
    assert!(dropped.is_err(), "still running");
    assert!(!transaction.is_active());
    let error = rows.0.count(inside, None).await.expect_err("over");
    assert_eq!(error.code(), Code::FailedPrecondition);
    let error = transaction.commit().await.expect_err("over");
    assert_eq!(error.code(), Code::FailedPrecondition);
    rows.create(r#"{"id": "b"}"#).await.expect("created");
    assert_eq!(rows.count().await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_timeout_stops_the_statement_that_runs() {
    let place = Place::new();
    let (connector, rows) = filled(&place, 3).await;
    let options = TransactionOptions::new().timeout(Duration::from_millis(100));
    let cx = CallContext::new();
    let transaction = connector.begin(&cx, &options).await.expect("begun");
    let error = rows.0.execute(transaction.cx(), SLOW, &[]).await;
    assert_eq!(error.expect_err("late").code(), Code::DeadlineExceeded);
    drop(transaction);
    rows.create(r#"{"id": "b"}"#).await.expect("created");
    assert_eq!(rows.count().await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_wait_in_line_for_a_long_transaction() {
    let place = Place::new();
    let (connector, rows) = filled(&place, 1).await;
    let cx = CallContext::new();
    let options = TransactionOptions::new();
    let transaction = connector.begin(&cx, &options).await.expect("begun");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let rows = rows.clone();
        tasks.spawn(async move { rows.create(&format!(r#"{{"id": "t{number}"}}"#)).await });
    }
    // Longer than SQLite's own patience would be with a short busy timeout; readers are not held up.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(rows.count().await, 1);
    let impatient = rows
        .0
        .create(&in_time(50), rows.record(r#"{"id": "late"}"#))
        .await;
    assert_eq!(impatient.expect_err("late").code(), Code::DeadlineExceeded);
    transaction.commit().await.expect("committed");
    for outcome in tasks.join_all().await {
        outcome.expect("created");
    }
    let count = rows.count().await;
    assert_eq!(count, 51, "the late one was taken back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_statements_bind_their_parameters() {
    let place = Place::new();
    let (_connector, rows) = place.repository(TODO).await;
    let cx = CallContext::new();
    let evil = "x'); DROP TABLE todos; --";
    let insert = "INSERT INTO todos (id, title, done, count) VALUES (?, ?, ?, ?)";
    let values = ["a", "b"].map(|id| {
        [
            Value::String(id.to_owned()),
            Value::String(evil.to_owned()),
            Value::Bool(true),
            Value::I64(i64::MIN),
        ]
    });
    for values in &values {
        let done = rows.0.execute(&cx, insert, values).await.expect("inserted");
        assert_eq!((done.affected, done.rows.len()), (1, 0));
    }
    let again = rows.0.execute(&cx, insert, &values[0]).await;
    assert_eq!(again.expect_err("taken").code(), Code::AlreadyExists);
    let select = "SELECT id, title AS t, count, NULL AS n, 1.5 AS f, x'00ff' AS b FROM todos WHERE title = ? ORDER BY id";
    let parameters = [Value::String(evil.to_owned())];
    let found = rows.0.execute(&cx, select, &parameters);
    let found = found.await.expect("selected");
    assert_eq!((found.affected, found.rows.len()), (0, 2));
    let row = &found.rows[0];
    let names: Vec<&str> = row.columns().iter().map(|name| &**name).collect();
    assert_eq!(names, ["id", "t", "count", "n", "f", "b"]);
    let due = [
        Value::String("a".to_owned()),
        Value::String(evil.to_owned()),
        Value::I64(i64::MIN),
        Value::Null,
        Value::F64(1.5),
        Value::Bytes(vec![0, 255]),
    ];
    assert_eq!(row.values(), due);
    let row = rows.0.find_by_id(&cx, &"a".into()).await.expect("found");
    assert_eq!(rows.model().view(row.as_ref()).string(2), evil);
    let returning = "DELETE FROM todos WHERE id = ? RETURNING id";
    let parameters = [Value::String("b".to_owned())];
    let gone = rows.0.execute(&cx, returning, &parameters);
    let gone = gone.await.expect("deleted");
    assert_eq!((gone.affected, gone.rows.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_statements_that_fail_undo_themselves_only() {
    let place = Place::new();
    let (connector, rows) = filled(&place, 2).await;
    let cx = CallContext::new();
    let options = TransactionOptions::new();
    let transaction = connector.begin(&cx, &options).await.expect("begun");
    let inside = transaction.cx();
    let insert = "INSERT INTO todos (id) VALUES ('x'), ('n000001')";
    let taken = rows.0.execute(inside, insert, &[]).await;
    assert_eq!(taken.expect_err("taken").code(), Code::AlreadyExists);
    let wrong = rows
        .0
        .execute(inside, "UPDATE nothing SET a = 1", &[])
        .await;
    let wrong = wrong.expect_err("wrong");
    assert_eq!(wrong.code(), Code::InvalidArgument);
    assert!(!wrong.message().contains("nothing"), "{wrong}");
    for (text, values) in [
        ("SELECT id FROM todos WHERE id = ?", 0),
        ("SELECT id FROM todos WHERE id = ?;", 2),
        ("SELECT 1", 1),
    ] {
        let values = vec![Value::I64(1); values];
        let refused = rows.0.execute(inside, text, &values).await;
        let refused = refused.expect_err("another number of values");
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
    let insert = "INSERT INTO todos (id) VALUES ('y')";
    rows.0.execute(inside, insert, &[]).await.expect("inserted");
    assert_eq!(rows.0.count(inside, None).await.expect("counted"), 3);
    transaction.commit().await.expect("committed");
    assert_eq!(rows.count().await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn native_statements_cannot_end_a_transaction() {
    let place = Place::new();
    let (connector, rows) = filled(&place, 2).await;
    let cx = CallContext::new();
    let options = TransactionOptions::new();
    for ending in ["COMMIT", "ROLLBACK", "RELEASE native"] {
        let transaction = connector.begin(&cx, &options).await.expect("begun");
        let ended = rows.0.execute(transaction.cx(), ending, &[]).await;
        assert_eq!(ended.expect_err(ending).code(), Code::InvalidArgument);
        assert!(!transaction.is_active());
        drop(transaction);
        let alone = rows.0.execute(&cx, ending, &[]).await;
        assert_eq!(alone.expect_err(ending).code(), Code::InvalidArgument);
        rows.0
            .update_all(&cx, None, &Changes::default().counting(4))
            .await
            .expect("changed");
    }
    assert_eq!(rows.count().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_shows_one_state_and_holds_no_writer_up() {
    let place = Place::new();
    let (_connector, rows) = filled(&place, 5_000).await;
    let cx = CallContext::new();
    let query = Query::new(rows.model().key_order().clone());
    let mut stream = rows.0.stream(&cx, &query);
    let first: Option<Record> = stream.try_next().await.expect("a row");
    assert!(first.is_some());
    rows.0.delete_all(&cx, None).await.expect("deleted");
    let mut left = 0;
    while let Some(_row) = stream.try_next().await.expect("a row") {
        left += 1;
    }
    assert_eq!((left, rows.count().await), (4_999, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_at_the_deadline() {
    let place = Place::new();
    let (_connector, rows) = filled(&place, 2_000).await;
    let cx = in_time(200);
    let query = Query::new(rows.model().key_order().clone());
    let mut stream = rows.0.stream(&cx, &query);
    stream.try_next().await.expect("a row");
    tokio::time::sleep(Duration::from_millis(250)).await;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it came to its end"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.code(), Code::DeadlineExceeded);
}
