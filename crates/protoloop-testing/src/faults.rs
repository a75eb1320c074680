//! What a connector of a server must stand.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use protoloop_core::{CallContext, Code, Detail};
use protoloop_repository::{Connector, Key, Model, Record, Repository, Value, Write};
use protoloop_wire::Writer;

use crate::{databases::Server, tables};

/// A model with a key and a text.
const NOTE: &str = r#"
syntax = "proto3";
package faults.v1;
import "protoloop/v1/annotations.proto";
message Note {
  option (protoloop.v1.model) = { };
  string id = 1 [(protoloop.v1.field) = { id: CLIENT }];
  string text = 2;
}
"#;

const WRITERS: usize = 4;

async fn notes(connector: &dyn Connector) -> Arc<dyn Repository<Record>> {
    let models = Model::all(&tables(NOTE)).expect("models");
    connector.prepare(&models).await.expect("prepares");
    connector.repository(&models[0]).expect("prepared")
}

fn note(id: &str) -> Record {
    let mut writer = Writer::new();
    writer.string(1, id);
    Record(writer.finish().into())
}

/// Kills the server under writes, and starts it again: every acknowledged row is there once, calls in between are
/// UNAVAILABLE and say when to come again, and the connector recovers by itself.
///
/// # Panics
/// When any of this does not hold.
pub async fn a_killed_server(server: &Server, connector: &dyn Connector) {
    let notes = notes(connector).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let (notes, stop) = (Arc::clone(&notes), Arc::clone(&stop));
        writers.push(tokio::spawn(write(notes, stop, number)));
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        tokio::task::block_in_place(|| server.kill());
        tokio::time::sleep(Duration::from_millis(300)).await;
        let error = notes.count(&CallContext::new(), None).await;
        let error = error.expect_err("the server is away");
        assert_eq!(error.code(), Code::Unavailable, "{error:?}");
        let again = |detail: &Detail| matches!(detail, Detail::RetryInfo { .. });
        assert!(error.details().iter().any(again), "{error:?}");
        assert!(connector.ping().await.is_err());
        tokio::task::block_in_place(|| server.start());
        recovered(connector).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut acknowledged = BTreeSet::new();
    for writer in writers {
        acknowledged.extend(writer.await.expect("a writer ends"));
    }
    assert!(acknowledged.len() > WRITERS, "nothing was written");
    let keys: Vec<Key> = acknowledged
        .iter()
        .map(|id| Key::from(id.as_str()))
        .collect();
    let found = notes.find_by_ids(&CallContext::new(), &keys).await;
    let found = found.expect("reads");
    let missing = keys.iter().zip(&found).filter(|(_, row)| row.is_none());
    assert_eq!(missing.count(), 0, "acknowledged rows are missing");
    let count = notes.count(&CallContext::new(), None).await;
    assert_eq!(count.expect("counts"), acknowledged.len() as u64);
}

/// Within seconds after the server is there again.
async fn recovered(connector: &dyn Connector) {
    let begun = Instant::now();
    while let Err(error) = connector.ping().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "{error:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Creates rows one after the other, each until it is acknowledged, as a client with request ids does.
async fn write(
    notes: Arc<dyn Repository<Record>>,
    stop: Arc<AtomicBool>,
    writer: usize,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        let id = format!("{writer}-{number}");
        let mut tried = false;
        loop {
            let writes = vec![Write::Create(note(&id))];
            let Err(failure) = notes.write(&CallContext::new(), writes).await else {
                break;
            };
            match failure.error.code() {
                Code::Unavailable => {
                    tried = true;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                // The answer to an earlier try was lost.
                Code::AlreadyExists if tried => break,
                _ => panic!("{:?}", failure.error),
            }
        }
        acknowledged.push(id);
        number += 1;
    }
    acknowledged
}

/// Lets a statement run longer than its call may take: the call fails in time, and the statement is stopped on the server.
/// `sleep` sleeps for some seconds, `sleeping` answers a row for each other connection that does.
///
/// # Panics
/// When it does not hold.
pub async fn a_passed_deadline(connector: &dyn Connector, sleep: &str, sleeping: &str) {
    let notes = notes(connector).await;
    let mut cx = CallContext::new();
    cx.limit_deadline(Instant::now() + Duration::from_millis(300));
    let begun = Instant::now();
    let error = notes.execute(&cx, sleep, &[]).await.expect_err("late");
    assert_eq!(error.code(), Code::DeadlineExceeded, "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(2));
    let begun = Instant::now();
    loop {
        let rows = notes.execute(&CallContext::new(), sleeping, &[]).await;
        let rows = rows.expect("reads").rows;
        let none = rows.iter().all(|row| row.values() == [Value::I64(0)]);
        if none {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "it sleeps on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Starts many times at once, each over a connector of its own, and once more: one makes the tables, the others find them
/// made, and nobody finds a difference.
///
/// # Panics
/// When a start fails.
pub async fn many_starts<C: Connector>(connectors: Vec<C>, again: &dyn Connector, proto: &str) {
    let models = Arc::new(Model::all(&tables(proto)).expect("models"));
    let mut starts = Vec::new();
    for connector in connectors {
        let models = Arc::clone(&models);
        starts.push(tokio::spawn(
            async move { connector.prepare(&models).await },
        ));
    }
    for start in starts {
        start
            .await
            .expect("a start ends")
            .expect("a start succeeds");
    }
    again.prepare(&models).await.expect("nothing differs");
}
