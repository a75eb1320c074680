//! Key-value stores over a connector.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{future::join_all, stream::TryStreamExt as _};
use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal};
use crate::{KeyValueRepository as _, KeyValues, Record, TransactionOptions};

type Values = KeyValues<Record>;

/// A store, and what sets its clock, in microseconds since 2026-11-21.
async fn store(lab: &Lab, name: &str) -> Result<(Values, Arc<AtomicU64>), Broken> {
    let time = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&time);
    let start = UNIX_EPOCH + Duration::from_secs(1_795_219_200);
    let clock = move || start + Duration::from_micros(told.load(Ordering::Relaxed));
    let values = KeyValues::open_with_clock(&*lab.connector, name, Arc::new(clock)).await?;
    Ok((values, time))
}

fn value(text: &'static str) -> Record {
    Record(Bytes::from_static(text.as_bytes()))
}

async fn keys(lab: &Lab, values: &Values, pattern: Option<&str>) -> Result<String, Broken> {
    let keys: Vec<String> = values.keys(&lab.cx, pattern).try_collect().await?;
    Ok(keys.join(" "))
}

fn missing<T>(outcome: Result<T, Error>) -> Result<(), Broken> {
    match outcome {
        Err(error) if error.code() == Code::NotFound => Ok(()),
        Err(error) => Err(broken(format!("NOT_FOUND was due, {error:?} came"))),
        Ok(_) => Err(broken("NOT_FOUND was due, and it was done")),
    }
}

pub(super) async fn values_are_kept_by_store_and_key(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let (one, _) = store(lab, "one").await?;
    let (other, _) = store(lab, "other").await?;
    equal("none", one.get(cx, "k").await?, None)?;
    one.set(cx, "k", value("1"), None).await?;
    one.set(cx, "k", value("2"), None).await?;
    one.set(cx, "empty", value(""), None).await?;
    other.set(cx, "k", value("3"), None).await?;
    equal("ours", one.get(cx, "k").await?, Some(value("2")))?;
    equal("an empty one", one.get(cx, "empty").await?, Some(value("")))?;
    equal("theirs", other.get(cx, "k").await?, Some(value("3")))?;
    equal("keys", keys(lab, &one, None).await?, "empty k".to_owned())?;
    equal("deleted", one.delete(cx, "k").await?, true)?;
    equal("deleted again", one.delete(cx, "k").await?, false)?;
    equal("deleted all", one.delete_all(cx).await?, 1)?;
    equal("theirs", other.get(cx, "k").await?, Some(value("3")))?;
    for key in ["", &"k".repeat(256)] {
        match one.set(cx, key, value("1"), None).await {
            Err(error) if error.code() == Code::InvalidArgument => {}
            outcome => return Err(broken(format!("a key of {}: {outcome:?}", key.len()))),
        }
    }
    Ok(())
}

pub(super) async fn a_value_is_added_once(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let (values, time) = store(lab, "s").await?;
    let second = Some(Duration::from_secs(1));
    equal(
        "added",
        values.add(cx, "a", value("1"), second).await?,
        true,
    )?;
    equal("once", values.add(cx, "a", value("2"), None).await?, false)?;
    equal("the first", values.get(cx, "a").await?, Some(value("1")))?;
    time.store(1_000_000, Ordering::Relaxed);
    equal(
        "expired",
        values.add(cx, "a", value("3"), None).await?,
        true,
    )?;
    equal("for ever", values.ttl(cx, "a").await?, None)?;
    let at_once = (0..8).map(|_| values.add(cx, "b", value("4"), second));
    let outcomes = join_all(at_once).await;
    let added: Vec<bool> = outcomes.into_iter().collect::<Result<_, Error>>()?;
    let count = added.iter().filter(|added| **added).count();
    equal("at once", count, 1)?;
    // One that was added in a transaction which was taken back was not.
    let transaction = lab.connector.begin(cx, &TransactionOptions::new()).await?;
    let inside = transaction.cx();
    equal(
        "inside",
        values.add(inside, "c", value("5"), None).await?,
        true,
    )?;
    equal(
        "again",
        values.add(inside, "c", value("6"), None).await?,
        false,
    )?;
    transaction.rollback().await?;
    equal(
        "not there",
        values.add(cx, "c", value("7"), None).await?,
        true,
    )
}

pub(super) async fn values_expire_at_their_time(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let (values, time) = store(lab, "s").await?;
    let second = Some(Duration::from_secs(1));
    values.set(cx, "a", value("1"), second).await?;
    values.set(cx, "b", value("1"), None).await?;
    equal("ttl", values.ttl(cx, "a").await?, second)?;
    equal("no ttl", values.ttl(cx, "b").await?, None)?;
    time.store(999_999, Ordering::Relaxed);
    equal("there", values.get(cx, "a").await?, Some(value("1")))?;
    let left = values.ttl(cx, "a").await?;
    equal("ttl", left, Some(Duration::from_micros(1)))?;
    time.store(1_000_000, Ordering::Relaxed);
    equal("gone", values.get(cx, "a").await?, None)?;
    equal("keys", keys(lab, &values, None).await?, "b".to_owned())?;
    missing(values.ttl(cx, "a").await)?;
    missing(values.expire(cx, "a", Duration::from_secs(9)).await)?;
    missing(values.expire(cx, "never", Duration::from_secs(9)).await)?;
    equal("deleted", values.delete(cx, "a").await?, false)?;
    // A new value of an old key, and a new time for an old value.
    values.set(cx, "a", value("2"), second).await?;
    values.expire(cx, "a", Duration::from_secs(2)).await?;
    values.expire(cx, "b", Duration::ZERO).await?;
    equal("expired at once", values.get(cx, "b").await?, None)?;
    time.store(2_999_999, Ordering::Relaxed);
    equal("there", values.get(cx, "a").await?, Some(value("2")))?;
    values.set(cx, "a", value("3"), None).await?;
    time.store(9_000_000, Ordering::Relaxed);
    equal(
        "without a time",
        values.get(cx, "a").await?,
        Some(value("3")),
    )?;
    values
        .set(cx, "far", value("4"), Some(Duration::MAX))
        .await?;
    equal("for ever", values.ttl(cx, "far").await?, None)?;
    equal("swept", values.remove_expired(cx).await?, 1)?;
    equal("keys", keys(lab, &values, None).await?, "a far".to_owned())
}

pub(super) async fn keys_are_found_by_glob(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let (values, _) = store(lab, "s").await?;
    for key in ["a", "a1", "a22", "b*", "b_", "bx", "é", "%"] {
        values.set(cx, key, value("v"), None).await?;
    }
    for (pattern, due) in [
        ("*", "% a a1 a22 b* b_ bx é"),
        ("a*", "a a1 a22"),
        ("a?", "a1"),
        ("?", "% a é"),
        (r"b\*", "b*"),
        ("b_", "b_"),
        ("%", "%"),
        ("*2", "a22"),
        ("", ""),
        ("A*", ""),
    ] {
        let found = keys(lab, &values, Some(pattern)).await?;
        equal(pattern, found, due.to_owned())?;
    }
    let set = |number: usize| {
        let values = &values;
        async move {
            values
                .set(cx, &format!("n{number:04}"), value("v"), None)
                .await
        }
    };
    // No more at once than a pool of connections hands out in good time.
    for first in (0..1_200).step_by(20) {
        for outcome in join_all((first..first + 20).map(set)).await {
            outcome?;
        }
    }
    let all: Vec<String> = values.keys(cx, Some("n*")).try_collect().await?;
    equal("many keys", (all.len(), all.is_sorted()), (1_200, true))
}

pub(super) async fn values_take_part_in_transactions(lab: &Lab) -> Result<(), Broken> {
    let (values, _) = store(lab, "s").await?;
    values.set(&lab.cx, "a", value("1"), None).await?;
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    values.set(cx, "a", value("2"), None).await?;
    values.set(cx, "b", value("2"), None).await?;
    equal("inside", values.get(cx, "a").await?, Some(value("2")))?;
    transaction.rollback().await?;
    equal("after", values.get(&lab.cx, "a").await?, Some(value("1")))?;
    equal("after", values.get(&lab.cx, "b").await?, None)
}
