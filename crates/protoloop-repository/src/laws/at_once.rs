//! Many calls at the same time: each is answered as if it were alone.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use protoloop_core::{CallContext, Code, Error};

use super::{
    lab::{Broken, Lab, broken, equal, text},
    random::dice::Dice,
};
use crate::{Alteration, Changes, Filter, Key, Record, RepositoryExt as _, Write};

/// Rows there are; as many keys have none.
const ROWS: usize = 40;
/// Calls at once, more than any store has connections.
const CALLS: usize = 240;

/// What one of them asks for, and what it is told.
enum Asked {
    One(Key, Option<Record>),
    Several(Vec<Key>, Vec<Option<Record>>),
    /// A call that is given up before it is answered, or soon after.
    GivenUp(Key, Duration),
}

pub(super) async fn reads_are_answered_as_alone(lab: &Lab) -> Result<(), Broken> {
    let mut rows = BTreeMap::new();
    for number in 0..ROWS {
        let line = format!(r#"{{"id":"r{number}","title":"row {number}","size":"{number}"}}"#);
        let row = lab.items.create(&lab.cx, lab.item(&line)?).await?;
        rows.insert(number, row);
    }
    for seed in 0..3 {
        let mut dice = Dice::new(seed);
        let mut asked = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            asked.push(question(&mut dice, &rows));
        }
        // Others write and read in transactions meanwhile.
        let reads = join_all(asked.iter().map(|asked| answered(lab, asked)));
        let writes = join_all((0..10).map(|number| {
            let line = format!(r#"{{"id":"w{seed}-{number}","title":"other"}}"#);
            async move {
                let row = lab.item(&line)?;
                lab.items.create(&lab.cx, row).await?;
                let transaction = lab.begin().await?;
                let key = Key::from(format!("w{seed}-{number}"));
                let found = lab.items.find_by_key(transaction.cx(), &key).await?;
                transaction.rollback().await?;
                equal("a row in a transaction", found.is_some(), true)
            }
        }));
        let (reads, writes) = futures_util::future::join(reads, writes).await;
        reads
            .into_iter()
            .chain(writes)
            .collect::<Result<Vec<()>, Broken>>()?;
    }
    Ok(())
}

fn question(dice: &mut Dice, rows: &BTreeMap<usize, Record>) -> Asked {
    let some = |dice: &mut Dice| {
        let number = dice.below(2 * ROWS);
        (Key::from(format!("r{number}")), rows.get(&number).cloned())
    };
    match dice.below(10) {
        0 => {
            let within = Duration::from_micros(dice.below(2_000) as u64);
            Asked::GivenUp(some(dice).0, within)
        }
        1 | 2 => {
            // A key may be there twice.
            let (keys, rows) = (0..dice.below(90)).map(|_| some(dice)).unzip();
            Asked::Several(keys, rows)
        }
        _ => {
            let (key, row) = some(dice);
            Asked::One(key, row)
        }
    }
}

async fn answered(lab: &Lab, asked: &Asked) -> Result<(), Broken> {
    let shown = |row: &Option<Record>| row.as_ref().map(|row| text(lab.items.model(), row));
    match asked {
        Asked::One(key, due) => {
            let found = lab.items.find_by_key(&lab.cx, key).await?;
            equal(&format!("{key}"), shown(&found), shown(due))
        }
        Asked::Several(keys, due) => {
            let found = lab.items.find_by_ids(&lab.cx, keys).await?;
            let found: Vec<_> = found.iter().map(shown).collect();
            equal("several", found, due.iter().map(shown).collect())
        }
        Asked::GivenUp(key, within) => {
            let mut cx = CallContext::new();
            cx.limit_deadline(Instant::now() + *within);
            match lab.items.find_by_key(&cx, key).await {
                Err(error) if error.code() != Code::DeadlineExceeded => Err(error.into()),
                _ => Ok(()),
            }
        }
    }
}

/// A write that sets a field of an item, where a condition holds; otherwise it is refused.
fn setting(
    lab: &Lab,
    id: &str,
    changes: &Changes,
    when: Option<&str>,
) -> Result<Write<Record>, Broken> {
    let model = lab.items.model().clone();
    let parsed = when.map(|when| Filter::parse(&model, when));
    let when = parsed
        .transpose()
        .map_err(|error| broken(error.to_string()))?;
    let (condition, own) = (when.clone(), changes.clone());
    Ok(Write::Set {
        key: id.into(),
        changes: changes.clone(),
        when,
        scope: None,
        alter: Box::new(move |row| {
            let row = row.ok_or_else(|| Error::not_found("no such row"))?;
            let holds = |when: &Filter| when.matches(&model, row.as_ref());
            match condition.as_ref().is_none_or(holds) {
                true => Ok(Alteration::Put(own.apply(&model, row.clone())?)),
                false => Err(Error::aborted("it is another one")),
            }
        }),
    })
}

pub(super) async fn fields_are_set_where_a_condition_holds(lab: &Lab) -> Result<(), Broken> {
    lab.store(
        r#"{"id":"a","title":"one","rank":1,"tags":["x"],"code":"A"}
           {"id":"b","title":"two","rank":2,"code":"B"}"#,
    )
    .await?;
    let model = lab.items.model();
    let new = lab.item(r#"{"title":"new","tags":["y","z"]}"#)?;
    let changes = Changes::of(model, &new, &["title", "rank", "tags"])?;
    let write = setting(lab, "a", &changes, Some("rank = 1"))?;
    let stored = lab.items.write(&lab.cx, vec![write]).await?.pop().flatten();
    let due = lab.item(r#"{"id":"a","title":"new","tags":["y","z"],"code":"A"}"#)?;
    super::lab::same(model, stored.as_ref(), &due)?;
    let found = lab.items.find_by_key(&lab.cx, &Key::from("a")).await?;
    super::lab::same(model, found.as_ref(), &due)?;
    let other = setting(lab, "b", &changes, Some("rank = 1"))?;
    lab.refused(vec![other], Code::Aborted, 0).await?;
    let none = setting(lab, "c", &changes, None)?;
    lab.refused(vec![none], Code::NotFound, 0).await?;
    let taken = Changes::of(model, &lab.item(r#"{"code":"A"}"#)?, &["code"])?;
    let taken = setting(lab, "b", &taken, None)?;
    let error = lab.refused(vec![taken], Code::AlreadyExists, 0).await?;
    super::lab::names_field(&error, "code")?;
    // Behind another write of the same call, and in a transaction.
    let writes = vec![
        Write::Create(lab.item(r#"{"id":"d","rank":1}"#)?),
        setting(lab, "d", &changes, Some("rank = 1"))?,
        setting(lab, "b", &changes, Some("rank = 1"))?,
    ];
    lab.refused(writes, Code::Aborted, 2).await?;
    let transaction = lab.begin().await?;
    let write = setting(lab, "b", &changes, Some("rank = 2"))?;
    lab.items.write(transaction.cx(), vec![write]).await?;
    transaction.commit().await?;
    equal(
        "with the title",
        lab.ids("title = \"new\"", "").await?,
        "a b".to_owned(),
    )
}

pub(super) async fn sets_lose_nothing(lab: &Lab) -> Result<(), Broken> {
    lab.store(r#"{"id":"a","rank":0}"#).await?;
    let size = 5;
    let counting = Changes::default().counting(size);
    let counts = (0..30).map(|_| async {
        let write = setting(lab, "a", &counting, None)?;
        lab.items.write(&lab.cx, vec![write]).await?;
        Ok::<_, Broken>(())
    });
    join_all(counts)
        .await
        .into_iter()
        .collect::<Result<Vec<()>, Broken>>()?;
    let found = lab.items.find_by_key(&lab.cx, &Key::from("a")).await?;
    let counted = found.map(|row| lab.items.model().view(row.as_ref()).i64(size));
    equal("counted", counted, Some(30))?;
    // Of many who have seen the same row one changes it.
    let one = Changes::of(lab.items.model(), &lab.item(r#"{"rank":1}"#)?, &["rank"])?;
    let tries = (0..20).map(|_| async {
        let write = setting(lab, "a", &one, Some("rank = 0"))?;
        match lab.items.write(&lab.cx, vec![write]).await {
            Ok(_) => Ok(1),
            Err(failure) if failure.error.code() == Code::Aborted => Ok(0),
            Err(failure) => Err(failure.into()),
        }
    });
    let done = join_all(tries).await.into_iter();
    let done = done.collect::<Result<Vec<i32>, Broken>>()?;
    equal("changed it", done.into_iter().sum(), 1)
}
