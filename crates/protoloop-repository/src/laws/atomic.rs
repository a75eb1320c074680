//! Several writes at once.

use futures_util::future::join_all;
use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal};
use crate::{Key, Record, RepositoryExt as _, Write};

/// A write that fails, with whatever row it finds.
fn failing() -> Write<Record> {
    Write::Modify {
        key: "a".into(),
        edit: Box::new(|_| Err(Error::failed_precondition("no"))),
    }
}

fn delete(id: &str) -> Write<Record> {
    Write::Delete {
        key: id.into(),
        check: Box::new(|_| Ok(())),
    }
}

pub(super) async fn a_failed_write_undoes_the_ones_before(lab: &Lab) -> Result<(), Broken> {
    lab.store(
        "{\"id\":\"a\",\"title\":\"kept\",\"code\":\"c1\"}\n{\"id\":\"b\",\"title\":\"kept\"}",
    )
    .await?;
    let changed = lab.item(r#"{"id":"b","title":"changed","code":"c2"}"#)?;
    let create = |id: &str| lab.item(&format!("{{\"id\":\"{id}\"}}")).map(Write::Create);
    let modify = Write::Modify {
        key: "b".into(),
        edit: Box::new(move |_| Ok(changed.clone())),
    };
    let writes = vec![create("n")?, modify, delete("a"), failing()];
    lab.refused(writes, Code::FailedPrecondition, 3).await?;
    let taken = vec![create("m")?, delete("a"), create("b")?];
    lab.refused(taken, Code::AlreadyExists, 2).await?;
    equal("rows", lab.ids("title = kept", "").await?, "a b".to_owned())?;
    equal("all rows", lab.ids("", "").await?, "a b".to_owned())?;
    // What the undone writes had taken is free again, and what they had given up is not.
    lab.store(r#"{"id":"n","code":"c2"}"#).await?;
    let taken = Write::Create(lab.item(r#"{"id":"o","code":"c1"}"#)?);
    lab.refused(vec![taken], Code::AlreadyExists, 0).await?;
    Ok(())
}

pub(super) async fn a_write_sees_the_ones_before(lab: &Lab) -> Result<(), Broken> {
    let rename = |title: &'static str, due: &'static str| {
        let model = lab.items.model().clone();
        let new = lab.item(&format!("{{\"id\":\"a\",\"title\":\"{title}\"}}"))?;
        Ok::<_, Broken>(Write::Modify {
            key: "a".into(),
            edit: Box::new(move |row: Option<&Record>| {
                let found = row.map_or("", |row| model.view(row.as_ref()).string(2));
                match found == due {
                    true => Ok(new.clone()),
                    false => Err(Error::internal_error(format!("the edit saw `{found}`"))),
                }
            }),
        })
    };
    let create = Write::Create(lab.item(r#"{"id":"a","title":"1","code":"c"}"#)?);
    let freed = Write::Create(lab.item(r#"{"id":"b","code":"c"}"#)?);
    let again = Write::Create(lab.item(r#"{"id":"a","title":"4"}"#)?);
    let writes = vec![
        create,
        rename("2", "1")?,
        rename("3", "2")?,
        freed,
        delete("a"),
        again,
    ];
    let rows = lab.items.write(&lab.cx, writes).await?;
    equal("answers", rows.iter().flatten().count(), 6)?;
    equal(
        "rows",
        lab.ids("title = 4 OR code = c", "").await?,
        "a b".to_owned(),
    )
}

pub(super) async fn edits_do_not_lose_each_other(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a"}"#).await?;
    let model = lab.items.model();
    let key = Key::from("a");
    let add = || {
        let model = model.clone();
        lab.items.update_by_id(&lab.cx, &key, move |row| {
            let size = model.view(row.as_ref()).i64(5) + 1;
            let mut patch = protoloop_wire::Patch::default();
            patch.set(5, |writer| writer.int64(5, size));
            *row = model.patched(row.clone(), &patch);
            Ok(())
        })
    };
    for outcome in join_all((0..50).map(|_| add())).await {
        outcome?;
    }
    let row = lab.items.find_by_id(&lab.cx, &key).await?;
    equal("the sum", model.view(row.as_ref()).i64(5), 50)
}

pub(super) async fn an_edit_cannot_change_the_key(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a"}"#).await?;
    let other = lab.item(r#"{"id":"b"}"#)?;
    let modify = Write::Modify {
        key: "a".into(),
        edit: Box::new(move |_| Ok(other.clone())),
    };
    if lab.items.write(&lab.cx, vec![modify]).await.is_ok() {
        return Err(broken("an edit moved a row to another key"));
    }
    equal("rows", lab.ids("", "").await?, "a".to_owned())
}
