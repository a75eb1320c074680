//! Writes that look at a row first, and conditions that they ask it to fulfil.

use std::sync::Arc;

use protoloop_core::{Caller, Code};

use super::lab::{Broken, Lab, broken, equal, row};
use crate::{
    Alteration, Filter, Key, Managed, Query, Record, Repository, RepositoryExt as _, ShowDeleted,
    Write,
};

type Rows = Arc<dyn Repository<Record>>;

/// Rows `a` of the house h and `b` of the house i.
async fn guests(lab: &Lab) -> Result<Rows, Broken> {
    let guests = lab.repository("Guest")?;
    for text in [
        r#"{"id":"a","house":"h","name":"Ann"}"#,
        r#"{"id":"b","house":"i","name":"Bob"}"#,
    ] {
        guests.create(&lab.cx, row(guests.model(), text)?).await?;
    }
    Ok(guests)
}

fn altering(
    guests: &Rows,
    key: &str,
    scope: &str,
    to: &Alteration<&str>,
) -> Result<Write<Record>, Broken> {
    let model = guests.model();
    let to = match to {
        Alteration::Put(text) => Alteration::Put(row(model, text)?),
        Alteration::Keep => Alteration::Keep,
        Alteration::Remove => Alteration::Remove,
    };
    let scope = match scope {
        "" => None,
        text => Some(Filter::parse(model, text).map_err(|error| broken(error.to_string()))?),
    };
    Ok(Write::Alter {
        key: key.into(),
        scope,
        alter: Box::new(move |_| Ok(to.clone())),
    })
}

async fn names(lab: &Lab, guests: &Rows) -> Result<String, Broken> {
    let model = guests.model();
    let rows = guests
        .find(&lab.cx, &Query::new(model.key_order().clone()))
        .await?;
    let names = rows
        .iter()
        .map(|row| model.view(row.as_ref()).string(3).to_owned());
    Ok(names.collect::<Vec<_>>().join(" "))
}

pub(super) async fn an_alteration_keeps_replaces_or_removes(lab: &Lab) -> Result<(), Broken> {
    let guests = guests(lab).await?;
    let new = r#"{"id":"c","house":"h","name":"Cid"}"#;
    let steps = [
        ("a", Alteration::Keep, true, "Ann Bob"),
        ("z", Alteration::Keep, false, "Ann Bob"),
        ("z", Alteration::Remove, false, "Ann Bob"),
        ("c", Alteration::Put(new), true, "Ann Bob Cid"),
        (
            "a",
            Alteration::Put(r#"{"id":"a","house":"h","name":"Eve"}"#),
            true,
            "Eve Bob Cid",
        ),
        ("b", Alteration::Remove, true, "Eve Cid"),
    ];
    for (key, to, answers, due) in steps {
        let what = format!("{to:?} of {key}");
        let write = altering(&guests, key, "", &to)?;
        let answer = guests.write(&lab.cx, vec![write]).await?;
        equal(&what, answer.first().is_some_and(Option::is_some), answers)?;
        equal(&what, names(lab, &guests).await?, due.to_owned())?;
    }
    Ok(())
}

pub(super) async fn a_row_outside_the_condition_is_absent(lab: &Lab) -> Result<(), Broken> {
    let guests = guests(lab).await?;
    let scope = "house = \"h\"";
    for to in [Alteration::Keep, Alteration::Remove] {
        let write = altering(&guests, "b", scope, &to)?;
        let answer = guests.write(&lab.cx, vec![write]).await?;
        equal("the row of another house", answer, vec![None])?;
    }
    let sees = Write::Alter {
        key: "b".into(),
        scope: Some(Filter::parse(guests.model(), scope).map_err(|e| broken(e.to_string()))?),
        alter: Box::new(|row| match row {
            None => Ok(Alteration::Keep),
            Some(_) => Err(protoloop_core::Error::internal_error("it was seen")),
        }),
    };
    guests.write(&lab.cx, vec![sees]).await?;
    // Its key is taken all the same.
    let taken = Alteration::Put(r#"{"id":"b","house":"h","name":"Eve"}"#);
    let write = altering(&guests, "b", scope, &taken)?;
    match guests.write(&lab.cx, vec![write]).await {
        Err(failure) if failure.error.code() == Code::AlreadyExists => {}
        outcome => return Err(broken(format!("ALREADY_EXISTS was due, {outcome:?} came"))),
    }
    equal("names", names(lab, &guests).await?, "Ann Bob".to_owned())?;
    let inside = Alteration::Put(r#"{"id":"a","house":"h","name":"Eve"}"#);
    guests
        .write(&lab.cx, vec![altering(&guests, "a", scope, &inside)?])
        .await?;
    equal("names", names(lab, &guests).await?, "Eve Bob".to_owned())?;
    guests
        .write(
            &lab.cx,
            vec![altering(&guests, "a", scope, &Alteration::Remove)?],
        )
        .await?;
    equal("names", names(lab, &guests).await?, "Bob".to_owned())
}

pub(super) async fn unique_values_are_taken_by_rows_that_are_not_marked(
    lab: &Lab,
) -> Result<(), Broken> {
    let guests = lab.repository("Guest")?;
    let make = async |text: &str| {
        guests
            .create(&lab.cx, row(guests.model(), text)?)
            .await
            .map_err(Broken::from)
    };
    let left = r#""left":"2026-01-01T00:00:00Z""#;
    make(r#"{"id":"a","house":"h","email":"x"}"#).await?;
    make(r#"{"id":"b","house":"i","email":"x"}"#).await?;
    make(&format!(
        "{{\"id\":\"c\",\"house\":\"h\",\"email\":\"x\",{left}}}"
    ))
    .await?;
    make(&format!(
        "{{\"id\":\"d\",\"house\":\"h\",\"email\":\"x\",{left}}}"
    ))
    .await?;
    let taken = row(guests.model(), r#"{"id":"e","house":"h","email":"x"}"#)?;
    match guests.create(&lab.cx, taken).await {
        Err(error) if error.code() == Code::AlreadyExists => {
            let told = error.message().contains("email") && !error.message().contains("house");
            equal("the fields are told", told, true)?;
        }
        outcome => return Err(broken(format!("ALREADY_EXISTS was due, {outcome:?} came"))),
    }
    // A mark that is taken back takes the value again.
    let back = row(guests.model(), r#"{"id":"c","house":"h","email":"x"}"#)?;
    match guests.save(&lab.cx, back).await {
        Err(error) if error.code() == Code::AlreadyExists => Ok(()),
        outcome => Err(broken(format!("ALREADY_EXISTS was due, {outcome:?} came"))),
    }
}

/// What [`Managed`] asks of a store, together.
pub(super) async fn tenants_meet_their_own_rows_only(lab: &Lab) -> Result<(), Broken> {
    let guests = Managed::new(guests(lab).await?);
    let h = lab
        .cx
        .clone()
        .with_caller(Caller::new("ada").in_tenant("h"));
    let (a, b): (Key, Key) = ("a".into(), "b".into());
    equal("of another", guests.find_by_key(&h, &b).await?, None)?;
    let both = guests
        .find_by_ids(&h, &[b.clone(), a.clone(), a.clone()])
        .await?;
    let found: Vec<bool> = both.iter().map(Option::is_some).collect();
    equal("of both", found, vec![false, true, true])?;
    equal("counted", guests.count(&h, None).await?, 1)?;
    guests.update_by_id(&h, &a, |_| Ok(())).await?;
    match guests.update_by_id(&h, &b, |_| Ok(())).await {
        Err(error) if error.code() == Code::NotFound => {}
        outcome => return Err(broken(format!("NOT_FOUND was due, {outcome:?} came"))),
    }
    equal("marked", guests.delete_all(&h, None).await?, 1)?;
    equal("counted", guests.count(&h, None).await?, 0)?;
    let mut shown = h.clone();
    shown.extensions_mut().insert(ShowDeleted);
    equal("shown", guests.count(&shown, None).await?, 1)?;
    let row = guests.find_by_id(&h, &a).await?;
    let version = guests
        .model()
        .view(row.as_ref())
        .get(6)
        .and_then(|found| found.as_i64());
    equal("version", version, Some(2))?;
    let i = lab
        .cx
        .clone()
        .with_caller(Caller::new("bob").in_tenant("i"));
    equal("of the other", guests.count(&i, None).await?, 1)
}

pub(super) async fn an_id_of_several_fields_is_one(lab: &Lab) -> Result<(), Broken> {
    let lines = lab.repository("Line")?;
    let model = lines.model();
    for (order, number) in [("a", 1), ("a", 2), ("b", 1), ("b", 0)] {
        let text =
            format!("{{\"orderId\":\"{order}\",\"number\":{number},\"text\":\"{order}{number}\"}}");
        lines.create(&lab.cx, row(model, &text)?).await?;
    }
    let again = row(model, r#"{"orderId":"a","number":2}"#)?;
    match lines.create(&lab.cx, again.clone()).await {
        Err(error) if error.code() == Code::AlreadyExists => {}
        outcome => return Err(broken(format!("ALREADY_EXISTS was due, {outcome:?} came"))),
    }
    let key = model.key_of(again.as_ref())?;
    lines.save(&lab.cx, again).await?;
    let missing = model.key_of(row(model, r#"{"orderId":"b","number":2}"#)?.as_ref())?;
    let found = lines.find_by_ids(&lab.cx, &[missing, key.clone()]).await?;
    let texts = found.iter().map(|row| {
        row.as_ref()
            .map(|row| model.view(row.as_ref()).string(3).to_owned())
    });
    equal(
        "texts",
        texts.collect::<Vec<_>>(),
        vec![None, Some(String::new())],
    )?;
    lines.delete_by_id(&lab.cx, &key).await?;
    let rows = lines
        .find(&lab.cx, &Query::new(model.key_order().clone()))
        .await?;
    let texts = rows
        .iter()
        .map(|row| model.view(row.as_ref()).string(3).to_owned());
    equal(
        "order",
        texts.collect::<Vec<_>>().join(" "),
        "a1 b0 b1".to_owned(),
    )
}
