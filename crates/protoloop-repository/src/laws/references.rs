//! Keys that refer to rows of other models.

use std::sync::Arc;

use protoloop_core::{Code, Error};

use super::lab::{Broken, Lab, broken, equal, names_field, row, text};
use crate::{Filter, Key, OrderBy, Query, Record, Repository, RepositoryExt as _};

type Rows = Arc<dyn Repository<Record>>;

async fn store(lab: &Lab, rows: &Rows, lines: &[&str]) -> Result<(), Broken> {
    for line in lines {
        rows.create(&lab.cx, row(rows.model(), line)?).await?;
    }
    Ok(())
}

/// All rows as ProtoJSON, joined by blanks.
async fn all(lab: &Lab, rows: &Rows) -> Result<String, Broken> {
    let query = Query::new(rows.model().key_order().clone());
    let found = rows.find(&lab.cx, &query).await?;
    let texts: Vec<String> = found.iter().map(|row| text(rows.model(), row)).collect();
    Ok(texts.join(" "))
}

/// Expects FAILED_PRECONDITION that names something.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>, names: &[&str]) -> Result<(), Broken> {
    match outcome {
        Err(error)
            if error.code() == Code::FailedPrecondition
                && names.iter().all(|name| error.message().contains(name)) =>
        {
            Ok(())
        }
        outcome => Err(broken(format!(
            "FAILED_PRECONDITION that names {names:?} was due, {outcome:?} came"
        ))),
    }
}

pub(super) async fn a_key_refers_to_a_row_or_to_none(lab: &Lab) -> Result<(), Broken> {
    let (teams, members) = (lab.repository("Team")?, lab.repository("Member")?);
    store(lab, &teams, &[r#"{"id":"t"}"#]).await?;
    store(
        lab,
        &members,
        &["{}", r#"{"team_id":"t"}"#, r#"{"once_in_id":"nowhere"}"#],
    )
    .await?;
    for (line, name) in [
        (r#"{"team_id":"u"}"#, "team_id"),
        (r#"{"team_id":"t","guest_of_id":"u"}"#, "guest_of_id"),
        (r#"{"guest_of_id":""}"#, "guest_of_id"),
        (r#"{"born_in_id":"T"}"#, "born_in_id"),
    ] {
        let new = row(members.model(), line)?;
        refused(members.create(&lab.cx, new.clone()).await, &[name])?;
        let key = Key::from(1_i64);
        let model = members.model().clone();
        let changed = members
            .update_by_id(&lab.cx, &key, move |row| {
                *row = model.with_key(new.clone(), &Key::from(1_i64))?;
                Ok(())
            })
            .await;
        refused(changed, &[name])?;
    }
    let lead = row(teams.model(), r#"{"id":"v","lead_id":"99"}"#)?;
    refused(teams.create(&lab.cx, lead).await, &["lead_id"])?;
    store(lab, &teams, &[r#"{"id":"v","lead_id":"2"}"#]).await?;
    let due = r#"{"id":"1"} {"id":"2","teamId":"t"} {"id":"3","onceInId":"nowhere"}"#;
    equal("members", all(lab, &members).await?, due.to_owned())
}

pub(super) async fn a_row_that_others_refer_to_stays(lab: &Lab) -> Result<(), Broken> {
    let (teams, members) = (lab.repository("Team")?, lab.repository("Member")?);
    store(lab, &teams, &[r#"{"id":"t"}"#, r#"{"id":"u"}"#]).await?;
    store(lab, &members, &[r#"{"team_id":"t","once_in_id":"u"}"#]).await?;
    refused(
        teams.delete_by_id(&lab.cx, &"t".into()).await,
        &["team_id", "member"],
    )?;
    teams.delete_by_id(&lab.cx, &"u".into()).await?;
    members.delete_by_id(&lab.cx, &Key::from(1_i64)).await?;
    teams.delete_by_id(&lab.cx, &"t".into()).await?;
    equal("teams", all(lab, &teams).await?, String::new())
}

pub(super) async fn keys_are_cleared_and_rows_go_with_what_they_refer_to(
    lab: &Lab,
) -> Result<(), Broken> {
    let (teams, members) = (lab.repository("Team")?, lab.repository("Member")?);
    store(lab, &teams, &[r#"{"id":"t"}"#, r#"{"id":"u"}"#]).await?;
    let lines = [
        r#"{"team_id":"u","guest_of_id":"t"}"#,
        r#"{"born_in_id":"t","guest_of_id":"t"}"#,
        r#"{"born_in_id":"u","guest_of_id":"u"}"#,
    ];
    store(lab, &members, &lines).await?;
    teams.delete_by_id(&lab.cx, &"t".into()).await?;
    let due = r#"{"id":"1","teamId":"u"} {"id":"3","guestOfId":"u","bornInId":"u"}"#;
    equal("members", all(lab, &members).await?, due.to_owned())
}

pub(super) async fn links_go_with_either_end(lab: &Lab) -> Result<(), Broken> {
    let (members, skills) = (lab.repository("Member")?, lab.repository("Skill")?);
    let links = lab.repository("MemberSkill")?;
    store(lab, &members, &["{}", "{}"]).await?;
    store(lab, &skills, &[r#"{"id":"a"}"#, r#"{"id":"b"}"#]).await?;
    let lines = [
        r#"{"member_id":"1","skill_id":"a"}"#,
        r#"{"member_id":"1","skill_id":"b"}"#,
        r#"{"member_id":"2","skill_id":"b"}"#,
    ];
    store(lab, &links, &lines).await?;
    let nobody = row(links.model(), r#"{"member_id":"9","skill_id":"b"}"#)?;
    refused(links.create(&lab.cx, nobody).await, &["member_id"])?;
    members.delete_by_id(&lab.cx, &Key::from(1_i64)).await?;
    let due = r#"{"id":"3","memberId":"2","skillId":"b"}"#;
    equal("links", all(lab, &links).await?, due.to_owned())?;
    skills.delete_by_id(&lab.cx, &"b".into()).await?;
    equal("links", all(lab, &links).await?, String::new())
}

pub(super) async fn a_tree_falls_with_its_root(lab: &Lab) -> Result<(), Broken> {
    let branches = lab.repository("Branch")?;
    let lines = [
        r#"{"id":"a"}"#,
        r#"{"id":"b","parent_id":"a"}"#,
        r#"{"id":"c","parent_id":"b"}"#,
        r#"{"id":"d","parent_id":"b"}"#,
        r#"{"id":"e","parent_id":"a"}"#,
        r#"{"id":"own","parent_id":"own"}"#,
    ];
    store(lab, &branches, &lines).await?;
    branches.delete_by_id(&lab.cx, &"b".into()).await?;
    let due = r#"{"id":"a"} {"id":"e","parentId":"a"} {"id":"own","parentId":"own"}"#;
    equal("branches", all(lab, &branches).await?, due.to_owned())?;
    branches.delete_by_id(&lab.cx, &"own".into()).await?;
    branches.delete_by_id(&lab.cx, &"a".into()).await?;
    equal("branches", all(lab, &branches).await?, String::new())
}

pub(super) async fn a_refused_delete_changes_nothing(lab: &Lab) -> Result<(), Broken> {
    let (teams, members) = (lab.repository("Team")?, lab.repository("Member")?);
    store(lab, &teams, &[r#"{"id":"t"}"#]).await?;
    let lines = [r#"{"guest_of_id":"t"}"#, r#"{"born_in_id":"t"}"#];
    store(lab, &members, &lines).await?;
    // Its lead goes with it and refers to nothing; the member of another team keeps that one.
    store(lab, &teams, &[r#"{"id":"u","lead_id":"2"}"#]).await?;
    // The member that would go is needed by the other team.
    refused(teams.delete_by_id(&lab.cx, &"t".into()).await, &[])?;
    let due = r#"{"id":"1","guestOfId":"t"} {"id":"2","bornInId":"t"}"#;
    equal("members", all(lab, &members).await?, due.to_owned())?;
    let due = r#"{"id":"t"} {"id":"u","leadId":"2"}"#;
    equal("teams", all(lab, &teams).await?, due.to_owned())
}

pub(super) async fn a_key_that_refers_to_nothing_is_found_as_its_default(
    lab: &Lab,
) -> Result<(), Broken> {
    let (teams, members) = (lab.repository("Team")?, lab.repository("Member")?);
    store(lab, &teams, &[r#"{"id":"t"}"#, r#"{"id":"u"}"#]).await?;
    let lines = [r#"{"team_id":"u"}"#, "{}", r#"{"team_id":"t"}"#];
    store(lab, &members, &lines).await?;
    let model = members.model();
    for (filter, order, due) in [
        (r#"team_id = """#, "", "2"),
        (r#"team_id != """#, "", "1 3"),
        (r#"team_id != "t""#, "", "1 2"),
        (r#"NOT team_id = "t""#, "", "1 2"),
        (r#"team_id = ("" OR "t")"#, "", "2 3"),
        (r#"team_id < "u""#, "", "2 3"),
        (r#"team_id <= """#, "", "2"),
        ("team_id:*", "", "1 3"),
        ("NOT team_id:*", "", "2"),
        ("", "team_id", "2 3 1"),
        ("", "team_id desc", "1 3 2"),
    ] {
        let wrong = |error: crate::FilterError| broken(error.to_string());
        let mut query = Query::new(OrderBy::parse(model, order).map_err(wrong)?);
        query.filter = Some(Filter::parse(model, filter).map_err(wrong)?);
        let found = members.find(&lab.cx, &query).await?;
        let ids: Vec<String> = found
            .iter()
            .filter_map(|row| Some(model.find_key(row.as_ref())?.to_string()))
            .collect();
        equal(&format!("{filter} {order}"), ids.join(" "), due.to_owned())?;
    }
    Ok(())
}

pub(super) async fn a_row_has_one_of_those_it_has_once(lab: &Lab) -> Result<(), Broken> {
    let (members, desks) = (lab.repository("Member")?, lab.repository("Desk")?);
    store(lab, &members, &["{}", "{}"]).await?;
    // Those of nobody do not meet, in either index.
    let free = r#"{"place":"hall"}"#;
    store(
        lab,
        &desks,
        &[r#"{"member_id":"1","place":"hall"}"#, free, free],
    )
    .await?;
    let again = row(desks.model(), r#"{"member_id":"1"}"#)?;
    match desks.create(&lab.cx, again).await {
        Err(error) if error.code() == Code::AlreadyExists => names_field(&error, "member_id")?,
        outcome => return Err(broken(format!("ALREADY_EXISTS was due, {outcome:?} came"))),
    }
    members.delete_by_id(&lab.cx, &Key::from(1_i64)).await?;
    let due = r#"{"id":"2","place":"hall"} {"id":"3","place":"hall"}"#;
    equal("desks", all(lab, &desks).await?, due.to_owned())
}
