//! Single rows.

use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal, row, same};
use crate::{Key, Record, RepositoryExt as _, Write};

pub(super) async fn a_row_is_found_as_it_was_stored(lab: &Lab) -> Result<(), Broken> {
    let model = lab.items.model();
    let due = lab.item(r#"{"id":"a","title":"One","rank":0,"tags":["x","x"]}"#)?;
    let stored = lab.items.create(&lab.cx, due.clone()).await?;
    same(model, Some(&stored), &due)?;
    let found = lab.items.find_by_key(&lab.cx, &"a".into()).await?;
    same(model, found.as_ref(), &due)?;
    let found = lab.items.find_by_key(&lab.cx, &"A".into()).await?;
    equal("a key in another case", found, None)?;
    let missing = lab.items.find_by_id(&lab.cx, &"b".into()).await;
    equal(
        "code",
        missing.err().map(|error| error.code()),
        Some(Code::NotFound),
    )
}

pub(super) async fn rows_are_found_in_the_order_of_the_ids(lab: &Lab) -> Result<(), Broken> {
    lab.store("{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}")
        .await?;
    let asked = ["c", "x", "a", "c"];
    let keys: Vec<Key> = asked.into_iter().map(Key::from).collect();
    let rows = lab.items.find_by_ids(&lab.cx, &keys).await?;
    let found: Vec<Option<Key>> = rows
        .iter()
        .map(|row| lab.items.model().find_key(row.as_ref()?.as_ref()))
        .collect();
    let due = ["c", "", "a", "c"].map(|id| Some(Key::from(id)).filter(|_| !id.is_empty()));
    equal("rows", found, due.to_vec())?;
    equal(
        "no ids",
        lab.items.find_by_ids(&lab.cx, &[]).await?,
        Vec::new(),
    )
}

pub(super) async fn an_edit_sees_the_row_and_replaces_it(lab: &Lab) -> Result<(), Broken> {
    let model = lab.items.model();
    let (first, second) = (
        lab.item(r#"{"id":"a","title":"One","note":"n","labels":{"k":"v"}}"#)?,
        lab.item(r#"{"id":"a","title":"Two","address":{}}"#)?,
    );
    let replace = |due: Option<&Record>, new: &Record| {
        let (due, new) = (due.cloned(), new.clone());
        Write::Modify {
            key: "a".into(),
            edit: Box::new(move |present| match present == due.as_ref() {
                true => Ok(new.clone()),
                false => Err(Error::internal_error(format!("the edit saw {present:?}"))),
            }),
        }
    };
    let rows = lab
        .items
        .write(&lab.cx, vec![replace(None, &first)])
        .await?;
    same(model, rows[0].as_ref(), &first)?;
    let writes = vec![replace(Some(&first), &second)];
    let rows = lab.items.write(&lab.cx, writes).await?;
    same(model, rows[0].as_ref(), &second)?;
    let found = lab.items.find_by_key(&lab.cx, &"a".into()).await?;
    same(model, found.as_ref(), &second)
}

pub(super) async fn a_delete_answers_the_row(lab: &Lab) -> Result<(), Broken> {
    let due = lab.item(r#"{"id":"a","title":"One"}"#)?;
    lab.items.create(&lab.cx, due.clone()).await?;
    let delete = |allowed: bool| Write::<Record>::Delete {
        key: "a".into(),
        check: Box::new(move |_| match allowed {
            true => Ok(()),
            false => Err(Error::aborted("not now")),
        }),
    };
    lab.refused(vec![delete(false)], Code::Aborted, 0).await?;
    equal("rows", lab.items.count(&lab.cx, None).await?, 1)?;
    let rows = lab.items.write(&lab.cx, vec![delete(true)]).await?;
    same(lab.items.model(), rows[0].as_ref(), &due)?;
    let rows = lab.items.write(&lab.cx, vec![delete(true)]).await?;
    equal("a second delete", rows, vec![None])?;
    equal("rows", lab.items.count(&lab.cx, None).await?, 0)
}

pub(super) async fn a_sequence_counts_up(lab: &Lab) -> Result<(), Broken> {
    let model = lab.tickets.model();
    let mut last = 0;
    for title in ["a", "b", "c"] {
        let new = row(model, &format!("{{\"title\":\"{title}\"}}"))?;
        let stored = lab.tickets.create(&lab.cx, new).await?;
        let id = model.view(stored.as_ref()).i64(1);
        if id <= last {
            return Err(broken(format!("id {id} came after {last}")));
        }
        last = id;
        let found = lab.tickets.find_by_key(&lab.cx, &id.into()).await?;
        same(model, found.as_ref(), &stored)?;
    }
    let chosen = row(model, &format!("{{\"id\":\"{}\"}}", last + 100))?;
    lab.tickets.save(&lab.cx, chosen).await?;
    let stored = lab.tickets.create(&lab.cx, row(model, "{}")?).await?;
    let id = model.view(stored.as_ref()).i64(1);
    equal("an id behind a larger one", id > last + 100, true)
}

pub(super) async fn columns_that_are_asked_for_are_filled(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a","title":"One","note":"n","size":"5"}"#)
        .await?;
    let mut query = lab.query("size = 5", "note")?;
    query.fields = Some(vec![2]);
    let rows = lab.items.find(&lab.cx, &query).await?;
    let row = rows.first().ok_or_else(|| broken("no row came"))?;
    let view = lab.items.model().view(row.as_ref());
    equal(
        "id and title",
        (view.string(1), view.string(2)),
        ("a", "One"),
    )
}
