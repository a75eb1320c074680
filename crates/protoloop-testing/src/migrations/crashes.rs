//! Migrations that break off, at every step.

use std::{
    future::{Future as _, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use protoloop_core::Result;
use protoloop_migrate::{Desired, Event, Migrator, Options};
use protoloop_repository::Model;

use super::{
    Migrated, apply, create, destructive, found, is_like_fresh, model, models, record, rows,
};

/// Columns change names with each other, a removed one makes room for another, one is converted, one goes.
fn schemas() -> [String; 2] {
    let author = model("Author", "string name = 2;");
    [
        format!(
            "{}{author}",
            model(
                "Book",
                "string a = 2 [(protoloop.v1.field) = { unique: true }]; string b = 3; string c = 4; string n = 5; \
                 bool sold = 6 [(protoloop.v1.field) = { index: true }]; string gone = 7; string author_id = 8;",
            )
        ),
        format!(
            "{}{author}{}",
            model(
                "Book",
                "string b = 2 [(protoloop.v1.field) = { unique: true }]; string a = 3 [(protoloop.v1.field) = { index: true }]; \
                 int64 n = 5; string sold = 6; int32 c = 9; string author_id = 8; \
                 Author author = 10 [(protoloop.v1.relation) = { belongs_to: { key: \"author_id\" } }];",
            ),
            model("Shelf", "string title = 2;"),
        ),
    ]
}

const BEFORE: &str =
    r#"{"id": "x", "a": "A", "b": "B", "c": "C", "n": "12", "sold": true, "gone": "G"}"#;
const AFTER: &str = r#"{"id": "x", "b": "A", "a": "B", "n": "12", "sold": "true"}"#;

/// A migration that breaks off before or behind any of its steps is gone on from, and no value is lost.
///
/// # Panics
/// When one is.
pub async fn crashes_at_every_step<C: Migrated>(open: impl AsyncFn() -> C) {
    let [before, after] = schemas().map(|schema| models(&schema));
    let (fresh, mut events) = (open().await, 0);
    loop {
        let connector = open().await;
        connector.prepare(&before).await.expect("an empty database");
        create(&rows(&connector, &before).await, BEFORE).await;
        let broken_off = broken_off(&connector, &after, destructive(), events).await;
        let broken_off = broken_off.expect("applies");
        let applied = apply(&connector, &after, destructive()).await;
        applied.unwrap_or_else(|error| panic!("behind event {events}: {error:?}"));
        let kept = found(&rows(&connector, &after).await, "x").await;
        assert_eq!(
            kept,
            Some(record(&after[0], AFTER)),
            "behind event {events}"
        );
        is_like_fresh(&connector, &fresh, &after).await;
        if !broken_off {
            break;
        }
        events += 1;
    }
    assert!(events > 10, "{events}");
}

/// Applies until so many events were told and the statement behind them was sent; whether it broke off there.
pub(super) async fn broken_off(
    connector: &impl Migrated,
    models: &[Arc<Model>],
    options: Options,
    events: usize,
) -> Result<bool> {
    let desired = Desired::new(models, connector.dialect()).expect("stored");
    let migrator = Migrator::new(connector, &desired, options);
    let told = AtomicUsize::new(0);
    let mut observer = |_: Event<'_>| {
        told.fetch_add(1, Ordering::Relaxed);
    };
    let mut applying = pin!(migrator.apply(&mut observer));
    poll_fn(|cx| match applying.as_mut().poll(cx) {
        Poll::Ready(applied) => Poll::Ready(applied.map(|_| false)),
        Poll::Pending if told.load(Ordering::Relaxed) > events => Poll::Ready(Ok(true)),
        Poll::Pending => Poll::Pending,
    })
    .await
}
