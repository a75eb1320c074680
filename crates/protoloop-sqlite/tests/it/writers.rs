//! Many at once.

use protoloop_core::{CallContext, Code};
use protoloop_repository::{Key, Query, Record, Write};
use protoloop_wire::Writer;

use crate::support::{Place, Rows, TODO};

/// The row with one more in `count`.
fn one_more(rows: &Rows, before: Option<&Record>) -> Record {
    let count = before.map_or(0, |row| rows.model().view(row.as_ref()).i64(4));
    let mut writer = Writer::new();
    writer.string(1, "counter");
    writer.int64(4, count + 1);
    Record(writer.finish().into())
}

async fn increment(rows: &Rows) {
    let counter = rows.clone();
    let write = Write::Modify {
        key: Key::from("counter"),
        edit: Box::new(move |before| Ok(one_more(&counter, before))),
    };
    rows.0
        .write(&CallContext::new(), vec![write])
        .await
        .expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_between_writers_of_two_connectors() {
    let place = Place::new();
    let (_first, one) = place.repository(TODO).await;
    let (_second, two) = place.repository(TODO).await;
    let mut tasks = tokio::task::JoinSet::new();
    for rows in [one.clone(), two] {
        for _ in 0..4 {
            let rows = rows.clone();
            tasks.spawn(async move {
                for _ in 0..25 {
                    increment(&rows).await;
                }
            });
        }
    }
    tasks.join_all().await;
    let key = Key::from("counter");
    let row = one
        .0
        .find_by_key(&CallContext::new(), &key)
        .await
        .expect("reads")
        .expect("there");
    assert_eq!(one.model().view(row.as_ref()).i64(4), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_writes_while_others_write() {
    let place = Place::new();
    let (_connector, rows) = place.repository(TODO).await;
    let writer = {
        let rows = rows.clone();
        tokio::spawn(async move {
            for number in 0..100 {
                let pair = ["x", "y"].map(|side| {
                    Write::Create(rows.record(&format!(r#"{{"id": "{number}{side}"}}"#)))
                });
                rows.0
                    .write(&CallContext::new(), pair.into())
                    .await
                    .expect("created");
            }
        })
    };
    let query = Query::new(rows.model().key_order().clone());
    while !writer.is_finished() {
        let found = rows
            .0
            .find(&CallContext::new(), &query)
            .await
            .expect("reads");
        assert_eq!(found.len() % 2, 0);
    }
    writer.await.expect("wrote");
    assert_eq!(rows.count().await, 200);
}

/// A caller that goes away in the middle leaves nothing half done and the writer free.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_abandoned_write_is_taken_back() {
    let place = Place::new();
    let (_connector, rows) = place.repository(TODO).await;
    for round in 0..20u64 {
        let writer = rows.clone();
        let task = tokio::spawn(async move {
            let writes = (0..200).map(|number| {
                Write::Create(writer.record(&format!(r#"{{"id": "{round}-{number}"}}"#)))
            });
            writer
                .0
                .write(&CallContext::new(), writes.collect())
                .await
                .map(|_| ())
        });
        tokio::time::sleep(std::time::Duration::from_micros(round * 200)).await;
        task.abort();
        let _ = task.await;
        assert_eq!(rows.count().await % 200, 0);
    }
    rows.create(r#"{"id": "last"}"#).await.expect("created");
    assert_eq!(rows.count().await % 200, 1);
}

/// Calls that share a transaction fail each for itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refused_call_takes_no_other_with_it() {
    let place = Place::new();
    let (_connector, rows) = place.repository(TODO).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let rows = rows.clone();
        tasks.spawn(async move {
            let cx = CallContext::new();
            let create = |id: String| Write::Create(rows.record(&format!(r#"{{"id": "{id}"}}"#)));
            match number % 3 {
                // Its second write meets its first, so neither is kept.
                0 => {
                    let twice = vec![create(format!("t{number}")), create(format!("t{number}"))];
                    let failure = rows.0.write(&cx, twice).await.expect_err("taken");
                    assert_eq!(failure.index, Some(1));
                    assert_eq!(failure.error.code(), Code::AlreadyExists);
                }
                1 => {
                    let panics = Write::Modify {
                        key: Key::from("p"),
                        edit: Box::new(|_| panic!("in an edit")),
                    };
                    let writes = vec![create(format!("p{number}")), panics];
                    let failure = rows.0.write(&cx, writes).await.expect_err("panicked");
                    assert_eq!(failure.index, Some(1));
                    assert_eq!(failure.error.code(), Code::Internal);
                }
                _ => {
                    let pair = vec![create(format!("a{number}")), create(format!("b{number}"))];
                    assert_eq!(rows.0.write(&cx, pair).await.expect("kept").len(), 2);
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(rows.count().await, 40);
}
