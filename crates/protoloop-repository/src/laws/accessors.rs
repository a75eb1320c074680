//! Rows as those that one row is related to.

use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal, row};
use crate::{
    BelongsTo, Changes, Filter, HasMany, HasManyThrough, HasOne, Key, Record, ReferencesMany,
    Repository, RepositoryExt as _,
};

/// Numbers of navigation fields.
mod number {
    pub(super) const CREW: u32 = 4;
    pub(super) const TASKS: u32 = 8;
    pub(super) const BADGE: u32 = 9;
    pub(super) const FAVOURITES: u32 = 12;
    pub(super) const SKILLS: u32 = 10;
}

fn refused<T>(what: &str, outcome: Result<T, Error>, code: Code) -> Result<(), Broken> {
    match outcome {
        Err(error) if error.code() == code => Ok(()),
        Err(error) => Err(broken(format!("{what}: {code} was due, {error:?} came"))),
        Ok(_) => Err(broken(format!("{what}: {code} was due, and it was done"))),
    }
}

/// Stores rows of a model given as ProtoJSON, and answers them.
async fn stored(lab: &Lab, model: &str, texts: &[&str]) -> Result<Vec<Record>, Broken> {
    let rows = lab.repository(model)?;
    let all = texts.iter().map(|text| row(rows.model(), text));
    let all = all.collect::<Result<Vec<_>, _>>()?;
    Ok(rows.create_all(&lab.cx, all).await?)
}

/// The ids of rows whose first field is their id, joined.
fn ids(rows: &dyn Repository<Record>, found: &[Record]) -> String {
    let ids = found
        .iter()
        .map(|row| rows.model().view(row.as_ref()).string(1));
    ids.collect::<Vec<_>>().join(" ")
}

pub(super) async fn a_row_has_rows_of_its_own_only(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let people = stored(lab, "Person", &[r#"{"id":"p1"}"#, r#"{"id":"p2"}"#]).await?;
    let (rows, source) = (lab.repository("Task")?, lab.repository("Person")?);
    let tasks = |row| HasMany::new(source.model(), row, number::TASKS, rows.clone());
    let (own, others) = (tasks(&people[0])?, tasks(&people[1])?);
    let task = |text: &str| row(rows.model(), text);
    own.create(cx, task(r#"{"id":"a","hours":1}"#)?).await?;
    let more = vec![
        task(r#"{"id":"b","hours":2}"#)?,
        task(r#"{"id":"c","hours":3}"#)?,
    ];
    own.create_all(cx, more).await?;
    others.create(cx, task(r#"{"id":"x","hours":9}"#)?).await?;
    let told = own.create(cx, task(r#"{"id":"y","personId":"p2"}"#)?).await;
    refused("another's row", told, Code::InvalidArgument)?;
    equal(
        "own",
        ids(&*rows, &own.find_all(cx, None).await?),
        "a b c".to_owned(),
    )?;
    let long =
        Filter::parse(rows.model(), "hours > 1").map_err(|error| broken(error.to_string()))?;
    equal("some", own.count(cx, long.clone()).await?, 2)?;

    let (theirs, hours) = (Key::from("x"), |row: &mut Record| {
        *row = Record(row.0.clone());
        Ok(())
    });
    refused("find", own.find_by_id(cx, &theirs).await, Code::NotFound)?;
    refused(
        "update",
        own.update_by_id(cx, &theirs, hours).await,
        Code::NotFound,
    )?;
    refused(
        "delete",
        own.delete_by_id(cx, &theirs).await,
        Code::NotFound,
    )?;
    own.update_by_id(cx, &"a".into(), hours).await?;
    let given = task(r#"{"id":"a","personId":"p2"}"#)?;
    let give = move |row: &mut Record| {
        row.clone_from(&given);
        Ok(())
    };
    let told = own.update_by_id(cx, &"a".into(), give).await;
    refused("given away", told, Code::InvalidArgument)?;
    let done = Changes::of(rows.model(), &task(r#"{"id":"z","done":true}"#)?, &["done"])?;
    equal("changed", own.update_all(cx, long.clone(), &done).await?, 2)?;
    own.delete_by_id(cx, &"a".into()).await?;
    equal("deleted", own.delete_all(cx, long).await?, 2)?;
    equal(
        "theirs",
        ids(&*rows, &others.find_all(cx, None).await?),
        "x".to_owned(),
    )
}

pub(super) async fn rows_are_linked_and_unlinked(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    let members = stored(lab, "Member", &["{}", "{}"]).await?;
    stored(lab, "Skill", &[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await?;
    let (rows, source) = (lab.repository("Skill")?, lab.repository("Member")?);
    let links = lab.repository("MemberSkill")?;
    let skills = |row| {
        let (rows, links) = (rows.clone(), links.clone());
        HasManyThrough::new(source.model(), row, number::SKILLS, rows, links)
    };
    let (own, others) = (skills(&members[0])?, skills(&members[1])?);
    let (a, b) = (Key::from("a"), Key::from("b"));
    own.link(cx, &[a.clone(), b.clone(), a.clone()]).await?;
    own.link(cx, std::slice::from_ref(&a)).await?;
    others.link(cx, std::slice::from_ref(&b)).await?;
    refused(
        "no such row",
        own.link(cx, &["z".into()]).await,
        Code::NotFound,
    )?;
    own.create(cx, row(rows.model(), r#"{"id":"c"}"#)?).await?;
    equal("links", links.count(cx, None).await?, 4)?;
    equal(
        "own",
        ids(&*rows, &own.find_all(cx, None).await?),
        "a b c".to_owned(),
    )?;
    equal(
        "theirs",
        ids(&*rows, &others.find_all(cx, None).await?),
        "b".to_owned(),
    )?;
    refused(
        "not linked",
        others.find_by_id(cx, &a).await,
        Code::NotFound,
    )?;
    let touch = |row: &mut Record| {
        *row = Record(row.0.clone());
        Ok(())
    };
    own.update_by_id(cx, &a, touch).await?;
    refused(
        "not linked",
        others.update_by_id(cx, &a, touch).await,
        Code::NotFound,
    )?;
    equal(
        "unlinked",
        own.unlink(cx, &[b.clone(), "z".into()]).await?,
        1,
    )?;
    equal(
        "the row stays",
        ids(&*rows, &others.find_all(cx, None).await?),
        "b".to_owned(),
    )?;
    // With a row go its links.
    equal("deleted", own.delete_all(cx, None).await?, 2)?;
    equal(
        "rows",
        ids(&*rows, &rows.find_all(cx, None).await?),
        "b".to_owned(),
    )?;
    equal("links", links.count(cx, None).await?, 1)?;
    equal("all", others.unlink_all(cx).await?, 1)
}

pub(super) async fn a_row_leads_to_one(lab: &Lab) -> Result<(), Broken> {
    let cx = &lab.cx;
    stored(lab, "Crew", &[r#"{"id":"t"}"#]).await?;
    stored(lab, "Craft", &[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await?;
    let people = [
        r#"{"id":"p","crewId":"t","favouriteIds":["b","gone","a"]}"#,
        r#"{"id":"q"}"#,
    ];
    let people = stored(lab, "Person", &people).await?;
    let source = lab.repository("Person")?;
    let crews = lab.repository("Crew")?;
    let crew = |row| BelongsTo::new(source.model(), row, number::CREW, crews.clone());
    let found = crew(&people[0])?.get(cx).await?;
    equal("crew", ids(&*crews, found.as_slice()), "t".to_owned())?;
    equal("no crew", crew(&people[1])?.get(cx).await?, None)?;

    let badges = lab.repository("Badge")?;
    let badge = HasOne::new(source.model(), &people[0], number::BADGE, badges.clone())?;
    equal("none", badge.get(cx).await?, None)?;
    badge
        .create(cx, row(badges.model(), r#"{"id":"x"}"#)?)
        .await?;
    let again = badge
        .create(cx, row(badges.model(), r#"{"id":"y"}"#)?)
        .await;
    refused("a second", again, Code::AlreadyExists)?;
    equal("deleted", badge.delete(cx).await?, true)?;
    equal("deleted again", badge.delete(cx).await?, false)?;

    let crafts = lab.repository("Craft")?;
    let liked = ReferencesMany::new(
        source.model(),
        &people[0],
        number::FAVOURITES,
        crafts.clone(),
    )?;
    equal(
        "in order",
        ids(&*crafts, &liked.find_all(cx).await?),
        "b a".to_owned(),
    )
}
