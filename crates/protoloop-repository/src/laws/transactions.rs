//! Several calls, all or none.

use std::{sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use protoloop_core::{CallContext, Code, Error, Result as Outcome};

use super::lab::{Broken, Lab, broken, equal, row};
use crate::{
    Connector as _, ConnectorExt as _, Isolation, Key, MemoryConnector, Record, RepositoryExt as _,
    TransactionOptions,
};

/// A context for a look from outside. A connector may let it wait for the transaction, but not for ever.
fn outside() -> CallContext {
    let mut cx = CallContext::new();
    cx.limit_deadline(std::time::Instant::now() + Duration::from_millis(300));
    cx
}

/// How many items are seen from outside; `None` when that has to wait for a transaction.
async fn seen(lab: &Lab) -> Result<Option<u64>, Broken> {
    match lab.items.count(&outside(), None).await {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.code() == Code::DeadlineExceeded => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn code<T>(what: &str, outcome: Outcome<T>, due: Code) -> Result<Error, Broken> {
    match outcome {
        Ok(_) => Err(broken(format!("{what}: {due} was due, and it was done"))),
        Err(error) if error.code() != due => {
            Err(broken(format!("{what}: {due} was due, {error:?} came")))
        }
        Err(error) => Ok(error),
    }
}

fn item(lab: &Lab, id: &str) -> Result<Record, Broken> {
    lab.item(&format!("{{\"id\":\"{id}\"}}"))
}

async fn all(lab: &Lab) -> Result<String, Broken> {
    lab.ids("", "").await
}

pub(super) async fn changes_of_several_models_are_committed_together(
    lab: &Lab,
) -> Result<(), Broken> {
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    lab.items.create(cx, item(lab, "a")?).await?;
    let ticket = row(lab.tickets.model(), r#"{"title":"one"}"#)?;
    lab.tickets.create(cx, ticket).await?;
    equal("items seen inside", lab.items.count(cx, None).await?, 1)?;
    let found = lab.items.find_by_ids(cx, &["a".into()]).await?;
    equal("found inside", found.iter().flatten().count(), 1)?;
    equal(
        "ids inside",
        lab.joined(&lab.found(cx, "").await?),
        "a".to_owned(),
    )?;
    equal("seen outside", seen(lab).await?.unwrap_or(0), 0)?;
    equal("active", transaction.is_active(), true)?;
    let inside = cx.clone();
    transaction.commit().await?;
    equal("items", all(lab).await?, "a".to_owned())?;
    equal("tickets", lab.tickets.count(&lab.cx, None).await?, 1)?;
    let late = lab.items.create(&inside, item(lab, "b")?).await;
    code("a call after the commit", late, Code::FailedPrecondition)?;
    let late = lab.items.count(&inside, None).await;
    code("a read after the commit", late, Code::FailedPrecondition)?;
    Ok(())
}

pub(super) async fn what_is_rolled_back_or_dropped_was_never_there(
    lab: &Lab,
) -> Result<(), Broken> {
    lab.store(r#"{"id":"kept","code":"c"}"#).await?;
    for dropped in [false, true] {
        let transaction = lab.begin().await?;
        let cx = transaction.cx();
        lab.items.create(cx, item(lab, "a")?).await?;
        lab.items.delete_by_id(cx, &"kept".into()).await?;
        equal(
            "inside",
            lab.joined(&lab.found(cx, "").await?),
            "a".to_owned(),
        )?;
        match dropped {
            true => drop(transaction),
            false => transaction.rollback().await?,
        }
        equal("rows", all(lab).await?, "kept".to_owned())?;
        // The store takes writes again, and unique values are as before.
        lab.store(r#"{"id":"next"}"#).await?;
        lab.items.delete_by_id(&lab.cx, &"next".into()).await?;
        let taken = lab.item(r#"{"id":"other","code":"c"}"#)?;
        let taken = lab.items.create(&lab.cx, taken).await;
        code("a taken value", taken, Code::AlreadyExists)?;
    }
    let failed: Outcome<()> = lab
        .connector
        .transaction(&lab.cx, &TransactionOptions::new(), |cx| async move {
            lab.items.delete_by_id(&cx, &"kept".into()).await?;
            Err(Error::permission_denied("no"))
        })
        .await;
    code("the closure's error", failed, Code::PermissionDenied)?;
    equal("rows", all(lab).await?, "kept".to_owned())
}

pub(super) async fn a_refused_write_undoes_itself_only(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a","code":"c"}"#).await?;
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    lab.items.create(cx, item(lab, "b")?).await?;
    let rows = vec![item(lab, "half")?, lab.item(r#"{"id":"d","code":"c"}"#)?];
    let taken = lab.items.create_all(cx, rows).await;
    code("a taken value", taken, Code::AlreadyExists)?;
    let again = lab.items.create(cx, item(lab, "b")?).await;
    code("a taken key", again, Code::AlreadyExists)?;
    let missing = lab.items.delete_by_id(cx, &"none".into()).await;
    code("a missing row", missing, Code::NotFound)?;
    equal("active", transaction.is_active(), true)?;
    lab.items.create(cx, item(lab, "e")?).await?;
    transaction.commit().await?;
    equal("rows", all(lab).await?, "a b e".to_owned())
}

pub(super) async fn savepoints_take_back_what_is_behind_them(lab: &Lab) -> Result<(), Broken> {
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    let create = |id: &'static str| async move {
        lab.items.create(cx, item(lab, id)?).await?;
        Ok::<_, Broken>(())
    };
    create("a").await?;
    let one = transaction.savepoint().await?;
    create("b").await?;
    let two = one.savepoint().await?;
    create("c").await?;
    two.commit().await?;
    one.rollback().await?;
    // Nested, and dropped.
    let nested = lab.connector.begin(cx, &TransactionOptions::new()).await?;
    lab.items.create(nested.cx(), item(lab, "d")?).await?;
    drop(nested);
    create("e").await?;
    let failed: Outcome<()> = lab
        .items
        .transaction(cx, &TransactionOptions::new(), |cx| async move {
            let row = item(lab, "f").map_err(|_| Error::internal_error("no item"))?;
            lab.items.create(&cx, row).await?;
            Err(Error::permission_denied("no"))
        })
        .await;
    code("the closure's error", failed, Code::PermissionDenied)?;
    // One around the other ends it.
    let outer = transaction.savepoint().await?;
    let inner = outer.savepoint().await?;
    create("g").await?;
    outer.commit().await?;
    equal("the inner one is active", inner.is_active(), false)?;
    code(
        "the inner one",
        inner.commit().await,
        Code::FailedPrecondition,
    )?;
    equal("the whole is active", transaction.is_active(), true)?;
    transaction.commit().await?;
    equal("rows", all(lab).await?, "a e g".to_owned())
}

pub(super) async fn a_timeout_rolls_back(lab: &Lab) -> Result<(), Broken> {
    let options = TransactionOptions::new().timeout(Duration::from_millis(100));
    let transaction = lab.connector.begin(&lab.cx, &options).await?;
    lab.items.create(transaction.cx(), item(lab, "a")?).await?;
    // Nobody works in it, and still it holds nobody up for longer.
    lab.items.create(&lab.cx, item(lab, "b")?).await?;
    tokio::time::sleep(Duration::from_millis(150)).await;
    equal("active", transaction.is_active(), false)?;
    let late = lab.items.count(transaction.cx(), None).await;
    code("a late call", late, Code::DeadlineExceeded)?;
    code(
        "a late commit",
        transaction.commit().await,
        Code::DeadlineExceeded,
    )?;
    equal("rows", all(lab).await?, "b".to_owned())
}

pub(super) async fn a_transaction_of_another_datasource_is_refused(
    lab: &Lab,
) -> Result<(), Broken> {
    let other = MemoryConnector::new();
    other.prepare(&[Arc::clone(lab.items.model())]).await?;
    let elsewhere = other.repository(lab.items.model())?;
    let ours = lab.begin().await?;
    let theirs = other.begin(&lab.cx, &TransactionOptions::new()).await?;
    let refused = |what, outcome| code(what, outcome, Code::FailedPrecondition);
    let (mine, foreign) = (ours.cx(), theirs.cx());
    refused("a read", lab.items.count(foreign, None).await.map(drop))?;
    let key = Key::from("a");
    let read = lab.items.find_by_key(foreign, &key).await;
    refused("a Get", read.map(drop))?;
    let write = lab.items.create(foreign, item(lab, "a")?).await;
    refused("a write", write.map(drop))?;
    let options = TransactionOptions::new();
    let nested = lab.connector.begin(foreign, &options);
    refused("a nested one", nested.await.map(drop))?;
    let write = elsewhere.create(mine, item(lab, "a")?).await;
    refused("our own, elsewhere", write.map(drop))?;
    equal("active", ours.is_active() && theirs.is_active(), true)
}

pub(super) async fn one_that_only_reads_reads_one_state(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a"}"#).await?;
    let options = TransactionOptions::new()
        .read_only()
        .isolation(Isolation::RepeatableRead);
    let transaction = lab.connector.begin(&lab.cx, &options).await?;
    let cx = transaction.cx();
    equal("rows", lab.items.count(cx, None).await?, 1)?;
    let refused = lab.items.create(cx, item(lab, "b")?).await;
    code("a write", refused, Code::FailedPrecondition)?;
    // It may have to wait.
    let beside = lab.items.create(&outside(), item(lab, "c")?).await;
    if let Err(error) = &beside
        && error.code() != Code::DeadlineExceeded
    {
        return Err(broken(format!("a write beside it: {error:?}")));
    }
    equal("rows later", lab.items.count(cx, None).await?, 1)?;
    transaction.commit().await?;
    Ok(())
}

pub(super) async fn serial_transactions_lose_nothing(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a"}"#).await?;
    let key = Key::from("a");
    let options = TransactionOptions::new()
        .isolation(Isolation::Serializable)
        .attempts(100);
    let add = || {
        let (key, options) = (&key, &options);
        async move {
            let add = |cx: CallContext| async move {
                let mut row = lab.items.find_by_id(&cx, key).await?;
                let size = lab.items.model().view(row.as_ref()).i64(5) + 1;
                let mut patch = protoloop_wire::Patch::default();
                patch.set(5, |writer| writer.int64(5, size));
                row = lab.items.model().patched(row, &patch);
                lab.items.replace_by_id(&cx, key, row).await
            };
            lab.connector.transaction(&lab.cx, options, add).await
        }
    };
    for outcome in join_all((0..20).map(|_| add())).await {
        outcome?;
    }
    let row = lab.items.find_by_id(&lab.cx, &key).await?;
    equal("the sum", lab.items.model().view(row.as_ref()).i64(5), 20)
}

pub(super) async fn writes_beside_a_transaction_are_done(lab: &Lab) -> Result<(), Broken> {
    let transaction = lab.begin().await?;
    lab.items.create(transaction.cx(), item(lab, "a")?).await?;
    let inside = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        transaction.commit().await
    };
    let beside = join_all((0..10).map(|number| {
        let row = item(lab, &format!("n{number}"));
        async move {
            lab.items.create(&lab.cx, row?).await?;
            Ok::<_, Broken>(())
        }
    }));
    let (committed, beside) = join(inside, beside).await;
    committed?;
    for outcome in beside {
        outcome?;
    }
    equal("rows", lab.items.count(&lab.cx, None).await?, 11)
}

pub(super) async fn calls_of_one_transaction_may_come_at_once(lab: &Lab) -> Result<(), Broken> {
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    let create = |number: usize| {
        let row = item(lab, &format!("n{number:02}"));
        async move {
            lab.items.create(cx, row?).await?;
            Ok::<_, Broken>(lab.items.count(cx, None).await?)
        }
    };
    for outcome in join_all((0..20).map(create)).await {
        outcome?;
    }
    transaction.rollback().await?;
    equal("rows", lab.items.count(&lab.cx, None).await?, 0)
}
