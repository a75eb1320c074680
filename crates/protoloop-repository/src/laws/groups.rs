//! Rows by the keys that they belong to.

use super::lab::{Broken, Lab, equal, row};
use crate::{Filter, GroupBy, GroupQuery, KeyValue, LinkedBy, OrderBy, Query, RepositoryExt as _};

const ROWS: &str = r#"
{"id":"a","team":"x","rank":3,"title":"t"}
{"id":"b","team":"y","rank":1}
{"id":"c","team":"x","rank":1,"title":"t"}
{"id":"d"}
{"id":"e","team":"x","title":"u"}
{"id":"f","team":"z","rank":9}
{"id":"g","team":"y","rank":2,"title":"t"}
"#;

/// The ids of the items of each team, those of one joined by blanks.
async fn grouped(
    lab: &Lab,
    teams: &[&str],
    (filter, order): (&str, &str),
    change: impl Fn(&mut Query),
) -> Result<String, Broken> {
    let mut query = lab.query(filter, order)?;
    query.filter = query.filter.filter(|filter| *filter != Filter::True);
    change(&mut query);
    let query = GroupQuery {
        by: GroupBy::Field(16),
        keys: teams
            .iter()
            .map(|team| KeyValue::String((*team).into()))
            .collect(),
        query,
        most: None,
    };
    let groups = lab.items.find_grouped(&lab.cx, &query).await?;
    let groups: Vec<String> = groups.iter().map(|rows| lab.joined(rows)).collect();
    Ok(groups.join(", "))
}

pub(super) async fn rows_are_found_by_the_keys_they_belong_to(lab: &Lab) -> Result<(), Broken> {
    lab.store(ROWS).await?;
    let all = |_: &mut Query| {};
    for (teams, asked, due) in [
        (&["x", "y"][..], ("", ""), "a c e, b g"),
        (&["y", "nobody", "x"], ("", ""), "b g, , a c e"),
        (&["x", "y", "z"], ("", "rank desc"), "e a c, g b, f"),
        (&["x", "y", "z"], ("title = t", "rank"), "c a, g, "),
        (&[], ("", ""), ""),
        (&[""], ("", ""), ""),
    ] {
        let found = grouped(lab, teams, asked, all).await?;
        equal(&format!("{teams:?} {asked:?}"), found, due.to_owned())?;
    }
    // Only some columns, and the one that groups not among them.
    let some = |query: &mut Query| query.fields = Some(vec![2]);
    let found = grouped(lab, &["x"], ("", ""), some).await?;
    equal("some columns", found, "a c e".to_owned())
}

pub(super) async fn what_is_asked_of_a_group_counts_per_key(lab: &Lab) -> Result<(), Broken> {
    lab.store(ROWS).await?;
    let teams = ["x", "y", "z"];
    for (limit, skip, asked, due) in [
        (Some(1), 0, ("", "rank"), "c, b, f"),
        (Some(2), 0, ("", "rank"), "c a, b g, f"),
        (Some(1), 1, ("", "rank"), "a, g, "),
        (None, 1, ("", "rank desc"), "a c, b, "),
        (Some(1), 1, ("title = t", "id"), "c, , "),
        (Some(u32::MAX), u64::MAX, ("", ""), ", , "),
    ] {
        let cut = |query: &mut Query| {
            (query.limit, query.skip) = (limit, skip);
        };
        let found = grouped(lab, &teams, asked, cut).await?;
        equal(
            &format!("{limit:?} {skip} {asked:?}"),
            found,
            due.to_owned(),
        )?;
    }
    Ok(())
}

pub(super) async fn linked_rows_are_found_by_the_keys_they_are_linked_to(
    lab: &Lab,
) -> Result<(), Broken> {
    let (members, skills) = (lab.repository("Member")?, lab.repository("Skill")?);
    let links = lab.repository("MemberSkill")?;
    for _ in 0..3 {
        members.create(&lab.cx, row(members.model(), "{}")?).await?;
    }
    for skill in [
        r#"{"id":"a","weight":3}"#,
        r#"{"id":"b","weight":1}"#,
        r#"{"id":"c","weight":2}"#,
    ] {
        skills.create(&lab.cx, row(skills.model(), skill)?).await?;
    }
    // One link stands there twice.
    for (member, skill) in [(1, "a"), (1, "b"), (1, "a"), (2, "b"), (1, "c")] {
        let link = format!("{{\"member_id\":\"{member}\",\"skill_id\":\"{skill}\"}}");
        links.create(&lab.cx, row(links.model(), &link)?).await?;
    }
    let model = skills.model();
    for (limit, skip, order, due) in [
        (None, 0, "", ", b, a b c"),
        (Some(2), 0, "weight", ", b, b c"),
        (Some(1), 1, "weight desc", ", , c"),
    ] {
        let order =
            OrderBy::parse(model, order).map_err(|error| super::lab::broken(error.to_string()))?;
        let query = GroupQuery {
            by: GroupBy::Through(LinkedBy {
                model: links.model().clone(),
                key: 2,
                other: 3,
                scope: Filter::True,
            }),
            keys: [3, 2, 1].map(KeyValue::Int).to_vec(),
            query: Query {
                limit,
                skip,
                ..Query::new(order)
            },
            most: None,
        };
        let groups = skills.find_grouped(&lab.cx, &query).await?;
        let group = |rows: &Vec<crate::Record>| {
            let ids: Vec<&str> = rows
                .iter()
                .map(|row| model.view(row.as_ref()).string(1))
                .collect();
            ids.join(" ")
        };
        let found: Vec<String> = groups.iter().map(group).collect();
        equal(
            &format!("{limit:?} {skip}"),
            found.join(", "),
            due.to_owned(),
        )?;
    }
    Ok(())
}
