//! Many rows at once, and the methods made of the few that a connector has.

use futures_util::{
    future::join_all,
    stream::{StreamExt as _, TryStreamExt as _},
};
use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal};
use crate::{Changes, Filter, Key, Query, Record, RepositoryExt as _};

/// The number of the field `size`.
const SIZE: u32 = 5;

impl Lab {
    /// Changes that set fields of items to what they are in an item.
    fn changes(&self, item: &str, fields: &[&str]) -> Result<Changes, Broken> {
        Ok(Changes::of(self.items.model(), &self.item(item)?, fields)?)
    }

    fn filter(&self, text: &str) -> Result<Filter, Broken> {
        Filter::parse(self.items.model(), text).map_err(|error| broken(error.to_string()))
    }

    async fn numbered(&self, count: usize) -> Result<(), Broken> {
        let row = |number| self.item(&format!("{{\"id\":\"n{number:05}\",\"size\":{number}}}"));
        let rows: Result<Vec<Record>, Broken> = (0..count).map(row).collect();
        self.items.create_all(&self.cx, rows?).await?;
        Ok(())
    }
}

fn refused<T>(outcome: Result<T, Error>, due: Code) -> Result<Error, Broken> {
    match outcome {
        Err(error) if error.code() == due => Ok(error),
        Err(error) => Err(broken(format!("{due} was due, {error:?} came"))),
        Ok(_) => Err(broken(format!("{due} was due, and it was done"))),
    }
}

pub(super) async fn an_update_of_many_changes_what_a_filter_selects(
    lab: &Lab,
) -> Result<(), Broken> {
    lab.store(
        "{\"id\":\"a\",\"size\":1,\"note\":\"x\"}\n{\"id\":\"b\",\"size\":2,\"note\":\"x\",\"tags\":[\"t\"]}
        {\"id\":\"c\",\"size\":3,\"address\":{\"city\":\"Ulm\"}}",
    )
    .await?;
    let to = r#"{"id":"-","title":"new","address":{"city":"Bonn","number":1},"due":"2026-11-21T10:00:00Z"}"#;
    let changes = lab.changes(to, &["title", "note", "address", "tags", "due"])?;
    let some = lab.filter("size >= 2")?;
    let count = lab.items.update_all(&lab.cx, Some(&some), &changes).await?;
    equal("changed", count, 2)?;
    let found = lab.items.find_all(&lab.cx, None).await?;
    let due = [
        r#"{"id":"a","size":1,"note":"x"}"#,
        r#"{"id":"b","size":2,"title":"new","address":{"city":"Bonn","number":1},"due":"2026-11-21T10:00:00Z"}"#,
        r#"{"id":"c","size":3,"title":"new","address":{"city":"Bonn","number":1},"due":"2026-11-21T10:00:00Z"}"#,
    ];
    for (found, due) in found.iter().zip(due) {
        super::lab::same(lab.items.model(), Some(found), &lab.item(due)?)?;
    }
    let counting = Changes::default().counting(SIZE);
    equal(
        "counted",
        lab.items.update_all(&lab.cx, None, &counting).await?,
        3,
    )?;
    let sizes = lab.ids("size = 2 OR size = 4", "").await?;
    equal("sizes", sizes, "a c".to_owned())?;
    let none = lab.filter("size > 100")?;
    let count = lab.items.update_all(&lab.cx, Some(&none), &changes).await?;
    equal("changed of none", count, 0)?;
    let nothing = Changes::default();
    let count = lab.items.update_all(&lab.cx, Some(&some), &nothing).await?;
    equal("selected", count, 3)
}

pub(super) async fn an_update_of_many_that_is_refused_changes_nothing(
    lab: &Lab,
) -> Result<(), Broken> {
    lab.store("{\"id\":\"a\",\"code\":\"c\"}\n{\"id\":\"b\"}\n{\"id\":\"d\"}")
        .await?;
    let same = lab.changes(r#"{"id":"-","code":"x","title":"new"}"#, &["code", "title"])?;
    let all = lab.items.update_all(&lab.cx, None, &same).await;
    refused(all, Code::AlreadyExists)?;
    let taken = lab.changes(r#"{"id":"-","code":"c","title":"new"}"#, &["code", "title"])?;
    let one = lab.filter("id = b")?;
    let error = lab.items.update_all(&lab.cx, Some(&one), &taken).await;
    super::lab::names_field(&refused(error, Code::AlreadyExists)?, "code")?;
    equal("changed", lab.ids("title = new", "").await?, String::new())?;
    // Its own value is no other's.
    let own = lab.filter("id = a")?;
    let count = lab.items.update_all(&lab.cx, Some(&own), &taken).await?;
    equal("changed", count, 1)
}

pub(super) async fn a_delete_of_many_removes_what_a_filter_selects(
    lab: &Lab,
) -> Result<(), Broken> {
    lab.store("{\"id\":\"a\",\"size\":1,\"code\":\"c\"}\n{\"id\":\"b\",\"size\":2}\n{\"id\":\"d\",\"size\":3}")
        .await?;
    let some = lab.filter("size <= 2")?;
    equal(
        "removed",
        lab.items.delete_all(&lab.cx, Some(&some)).await?,
        2,
    )?;
    equal("left", lab.ids("", "").await?, "d".to_owned())?;
    lab.store(r#"{"id":"e","code":"c"}"#).await?;
    equal("removed", lab.items.delete_all(&lab.cx, None).await?, 2)?;
    equal("left", lab.items.count(&lab.cx, None).await?, 0)?;
    equal(
        "removed of none",
        lab.items.delete_all(&lab.cx, None).await?,
        0,
    )
}

pub(super) async fn changes_of_many_work_in_transactions(lab: &Lab) -> Result<(), Broken> {
    lab.numbered(10).await?;
    let changes = lab.changes(r#"{"id":"-","title":"new"}"#, &["title"])?;
    let some = lab.filter("size < 3")?;
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    lab.items.update_all(cx, Some(&some), &changes).await?;
    let savepoint = transaction.savepoint().await?;
    lab.items.delete_all(cx, None).await?;
    equal("inside", lab.items.count(cx, None).await?, 0)?;
    savepoint.rollback().await?;
    let taken = lab.changes(r#"{"id":"-","code":"x"}"#, &["code"])?;
    refused(
        lab.items.update_all(cx, None, &taken).await,
        Code::AlreadyExists,
    )?;
    equal("inside", lab.found(cx, "title = new").await?.len(), 3)?;
    transaction.commit().await?;
    equal("all", lab.items.count(&lab.cx, None).await?, 10)?;
    let transaction = lab.begin().await?;
    lab.items.delete_all(transaction.cx(), None).await?;
    transaction.rollback().await?;
    equal("all", lab.items.count(&lab.cx, None).await?, 10)
}

pub(super) async fn streams_give_every_row_in_order(lab: &Lab) -> Result<(), Broken> {
    lab.numbered(2_000).await?;
    let sizes = |rows: Vec<Record>| -> Vec<i64> {
        let model = lab.items.model();
        let size = |row: &Record| model.view(row.as_ref()).i64(SIZE);
        rows.iter().map(size).collect()
    };
    let mut query = lab.query("size != 7", "size desc")?;
    let rows: Vec<Record> = lab.items.stream(&lab.cx, &query).try_collect().await?;
    let due: Vec<i64> = (0..2_000).rev().filter(|size| *size != 7).collect();
    equal("streamed", sizes(rows) == due, true)?;
    query.limit = Some(1_200);
    query.skip = 3;
    let rows: Vec<Record> = lab.items.stream(&lab.cx, &query).try_collect().await?;
    equal("a page", sizes(rows) == due[3..1_203], true)?;
    query.limit = Some(0);
    let rows: Vec<Record> = lab.items.stream(&lab.cx, &query).try_collect().await?;
    equal("nothing", rows.len(), 0)?;
    // A transaction streams what it did, and takes other calls meanwhile.
    let transaction = lab.begin().await?;
    let cx = transaction.cx();
    lab.items.delete_by_id(cx, &"n00000".into()).await?;
    let query = lab.query("", "")?;
    let mut rows = lab.items.stream(cx, &query);
    let mut count = 0;
    while let Some(row) = rows.try_next().await? {
        if count == 5 {
            lab.items
                .find_by_id(cx, &lab.items.model().key_of(row.as_ref())?)
                .await?;
        }
        count += 1;
    }
    drop(rows);
    equal("streamed inside", count, 1_999)?;
    transaction.rollback().await?;
    Ok(())
}

pub(super) async fn a_stream_may_be_left(lab: &Lab) -> Result<(), Broken> {
    lab.numbered(1_000).await?;
    let query = Query::new(lab.items.model().key_order().clone());
    for _ in 0..20 {
        let mut rows = lab.items.stream(&lab.cx, &query);
        for _ in 0..3 {
            match rows.next().await {
                Some(row) => drop(row?),
                None => return Err(broken("the stream ended early")),
            }
        }
        drop(rows);
    }
    lab.store(r#"{"id":"after"}"#).await?;
    equal("rows", lab.items.count(&lab.cx, None).await?, 1_001)
}

pub(super) async fn everyday_methods_do_what_they_say(lab: &Lab) -> Result<(), Broken> {
    let (items, cx) = (&lab.items, &lab.cx);
    let key = Key::from("a");
    let one = lab.item(r#"{"id":"a","title":"1","note":"n"}"#)?;
    refused(items.update(cx, one.clone()).await, Code::NotFound)?;
    items.upsert(cx, one.clone()).await?;
    items
        .update(cx, lab.item(r#"{"id":"a","title":"2","note":"n"}"#)?)
        .await?;
    let changes = lab.changes(r#"{"id":"-","title":"3"}"#, &["title"])?;
    let patched = items.patch_by_id(cx, &key, changes.clone()).await?;
    equal(
        "patched",
        patched,
        lab.item(r#"{"id":"a","title":"3","note":"n"}"#)?,
    )?;
    let missing = items.patch_by_id(cx, &"none".into(), changes).await;
    refused(missing, Code::NotFound)?;
    items
        .save(cx, lab.item(r#"{"id":"a","title":"4"}"#)?)
        .await?;
    items
        .save(cx, lab.item(r#"{"id":"b","title":"4"}"#)?)
        .await?;
    let fours = lab.filter("title = 4")?;
    let several = items.upsert_with_where(cx, fours.clone(), lab.item(r#"{"title":"5"}"#)?);
    refused(several.await, Code::FailedPrecondition)?;
    items.delete(cx, &lab.item(r#"{"id":"b"}"#)?).await?;
    let five = lab.item(r#"{"id":"ignored","title":"5"}"#)?;
    let stored = items.upsert_with_where(cx, fours.clone(), five).await?;
    equal("replaced", stored, lab.item(r#"{"id":"a","title":"5"}"#)?)?;
    let new = lab.item(r#"{"id":"n","title":"4"}"#)?;
    let stored = items
        .upsert_with_where(cx, fours.clone(), new.clone())
        .await?;
    equal("new", stored, new.clone())?;
    equal("exists", items.exists(cx, &"n".into()).await?, true)?;
    let other = lab.item(r#"{"id":"o","title":"4"}"#)?;
    let (found, created) = items.find_or_create(cx, fours.clone(), other).await?;
    equal("found", (found, created), (new, false))?;
    let found = items.find_one(cx, fours).await?;
    equal("one", found.is_some(), true)?;
    refused(
        items.delete(cx, &lab.item(r#"{"id":"o"}"#)?).await,
        Code::NotFound,
    )?;
    let all = lab.joined(&items.find_all(cx, None).await?);
    equal("rows", all, "a n".to_owned())
}

pub(super) async fn two_at_once_make_one_row(lab: &Lab) -> Result<(), Broken> {
    let wanted = lab.filter("title = wanted")?;
    let make = |number: usize| {
        let row = lab.item(&format!("{{\"id\":\"n{number}\",\"title\":\"wanted\"}}"));
        let wanted = wanted.clone();
        async move {
            let made = lab.items.find_or_create(&lab.cx, wanted, row?).await?;
            Ok::<_, Broken>(made)
        }
    };
    let mut created = 0;
    let mut rows = Vec::new();
    for outcome in join_all((0..10).map(make)).await {
        let (row, new) = outcome?;
        created += usize::from(new);
        rows.push(row);
    }
    rows.dedup();
    equal(
        "made, and different rows answered",
        (created, rows.len()),
        (1, 1),
    )?;
    equal("rows", lab.items.count(&lab.cx, None).await?, 1)
}
