//! Conditions on related rows, and orders by them.

use super::lab::{Broken, Lab, broken, equal, row};
use crate::{Filter, OrderBy, Query, Record, Repository, RepositoryExt as _, SeenRows};

const ROWS: &[(&str, &[&str])] = &[
    (
        "Crew",
        &[
            r#"{"id":"t1","name":"Red","rank":2,"extra":{"a":{"b":"x"},"n":5,"on":true,"no":null}}"#,
            r#"{"id":"t2","name":"Blue","extra":{"a":"plain","n":"5","on":[true]}}"#,
            r#"{"id":"t3","name":"Green","rank":1}"#,
        ],
    ),
    (
        "Craft",
        &[
            r#"{"id":"s1","name":"rust"}"#,
            r#"{"id":"s2","name":"sql"}"#,
            r#"{"id":"s3","name":"go"}"#,
        ],
    ),
    (
        "Person",
        &[
            r#"{"id":"p1","name":"Ann","crewId":"t1","favouriteIds":["s1","s3"]}"#,
            r#"{"id":"p2","name":"Bob","crewId":"t1","bossId":"p1"}"#,
            r#"{"id":"p3","name":"Cid","crewId":"t2","bossId":"p1"}"#,
            r#"{"id":"p4","name":"Dee","bossId":"p2"}"#,
            r#"{"id":"p5","name":"Eve","crewId":"t2"}"#,
        ],
    ),
    (
        "Task",
        &[
            r#"{"id":"k1","personId":"p1","hours":5,"done":true,"words":["a","b"]}"#,
            r#"{"id":"k2","personId":"p1","hours":2}"#,
            r#"{"id":"k3","personId":"p2","hours":9,"done":true,"words":["a"]}"#,
            r#"{"id":"k4","personId":"p4","hours":2,"done":true}"#,
        ],
    ),
    (
        "Shift",
        &[
            r#"{"personId":"p1","day":0,"hours":8,"crewId":"t1"}"#,
            r#"{"personId":"p1","day":1,"hours":4,"craftIds":["s2"]}"#,
            r#"{"personId":"p2","day":1,"hours":8,"crewId":"t2","craftIds":["s1","s3"]}"#,
        ],
    ),
    (
        "Badge",
        &[
            r#"{"id":"b1","personId":"p1","level":3}"#,
            r#"{"id":"b2","personId":"p3"}"#,
        ],
    ),
    (
        "PersonCraft",
        &[
            r#"{"id":"l1","personId":"p1","craftId":"s1"}"#,
            r#"{"id":"l2","personId":"p1","craftId":"s2"}"#,
            r#"{"id":"l3","personId":"p2","craftId":"s2"}"#,
            r#"{"id":"l4","personId":"p5","craftId":"s3"}"#,
        ],
    ),
];

const CONDITIONS: &[(&str, &str)] = &[
    // To one. `!=` and NOT are complements, so they select rows that are related to none.
    ("crew.name = Red", "p1 p2"),
    ("crew.name != Red", "p3 p4 p5"),
    ("crew.rank > 0", "p1 p2"),
    ("NOT crew.rank > 0", "p3 p4 p5"),
    ("crew.rank:*", "p1 p2"),
    ("crew:*", "p1 p2 p3 p5"),
    ("NOT crew:*", "p4"),
    ("boss.crew.name = Red", "p2 p3 p4"),
    ("boss.boss.name = Ann", "p4"),
    ("badge.level = 3", "p1"),
    ("badge:*", "p1 p3"),
    ("badge.level:*", "p1"),
    ("crew.extra.a.b = x", "p1 p2"),
    (r#"ilike(crew.name, "r%")"#, "p1 p2"),
    // To many.
    ("reports.name = Dee", "p2"),
    ("tasks.hours > 4", "p1 p2"),
    ("tasks.hours = 2", "p1 p4"),
    ("tasks.hours != 2", "p2 p3 p5"),
    ("tasks:*", "p1 p2 p4"),
    ("tasks.hours > 4 AND tasks.done = false", "p1"),
    ("some(tasks, hours > 4 AND done = false)", ""),
    ("some(tasks, hours != 2)", "p1 p2"),
    ("every(tasks, done = true)", "p2 p3 p4 p5"),
    ("none(tasks, done = true)", "p3 p5"),
    ("every(reports.tasks, hours = 9)", "p1 p3 p4 p5"),
    ("some(reports, none(tasks, hours > 0))", "p1"),
    ("tasks.words:b", "p1"),
    ("crafts.name = sql", "p1 p2"),
    ("every(crafts, name = sql)", "p2 p3 p4"),
    ("none(crafts, name = sql) AND crafts:*", "p5"),
    ("favourites.name = go", "p1"),
    // Rows whose id has several fields.
    ("shifts.hours > 4", "p1 p2"),
    ("shifts.day = 0", "p1"),
    ("none(shifts, crew.name = Red)", "p2 p3 p4 p5"),
    ("every(shifts, hours = 8)", "p2 p3 p4 p5"),
    ("shifts.crafts.name = go", "p2"),
    ("NOT favourites:*", "p2 p3 p4 p5"),
    // The same in JSON.
    (
        r#"{"where":{"crew.name":{"inq":["Red","Blue"]}}}"#,
        "p1 p2 p3 p5",
    ),
    (r#"{"where":{"crew.name":{"nin":["Red","Blue"]}}}"#, "p4"),
    (
        r#"{"where":{"tasks":{"every":{"hours":{"lt":9}},"exists":true}}}"#,
        "p1 p4",
    ),
    (r#"{"where":{"tasks.hours":{"between":[4,6]}}}"#, "p1"),
    (r#"{"where":{"tasks":null}}"#, "p3 p5"),
    (r#"{"where":{"crew":{"none":{"name":"Red"}}}}"#, "p3 p4 p5"),
    (
        r#"{"where":{"or":[{"name":"Eve"},{"boss.name":{"like":"A%"}}]}}"#,
        "p2 p3 p5",
    ),
    (
        r#"{"where":{"nor":[{"crew.name":"Red"},{"crew":{"exists":false}}]}}"#,
        "p3 p5",
    ),
];

const ORDERS: &[(&str, &str)] = &[
    ("crew.name", "p3 p5 p1 p2 p4"),
    ("crew.name desc", "p4 p1 p2 p3 p5"),
    ("crew.rank, name desc", "p2 p1 p5 p4 p3"),
    ("crew.rank desc, crew.name, id desc", "p5 p3 p4 p2 p1"),
    ("boss.crew.name desc, id", "p1 p5 p2 p3 p4"),
    ("badge.level", "p1 p2 p3 p4 p5"),
    ("boss.name, badge.level desc", "p2 p3 p4 p5 p1"),
];

/// Of rows whose id has several fields, by their hours.
const SHIFTS: &[(&str, &str, &str)] = &[
    ("person.name = Ann", "", "p1/0 p1/1"),
    ("person.crew.name = Red AND hours = 8", "", "p1/0 p2/1"),
    ("crew.name != Red", "", "p1/1 p2/1"),
    ("NOT crafts:*", "", "p1/0"),
    ("crafts.name = sql", "", "p1/1"),
    ("", "crew.name desc, day", "p1/1 p1/0 p2/1"),
];

const ANY_TYPE: &[(&str, &str)] = &[
    ("extra.a.b = x", "t1"),
    ("extra.a = plain", "t2"),
    ("extra.n = 5", "t1"),
    (r#"extra.n = "5""#, "t2"),
    ("extra.n > 4", "t1"),
    ("extra.n != 5", "t2 t3"),
    ("extra.on = true", "t1"),
    ("extra.on = false", ""),
    ("extra.a:*", "t1 t2"),
    ("extra.no:*", ""),
    ("NOT extra.on:*", "t3"),
    ("extra.a.b.c = x", ""),
    (r#"like(extra.a, "pl%")"#, "t2"),
    (r#"{"where":{"extra.n":{"inq":[5,"5"]}}}"#, "t1 t2"),
    (r#"{"where":{"extra.n":{"nin":[5]}}}"#, "t2 t3"),
    (r#"{"where":{"extra.a":null}}"#, "t3"),
];

async fn filled(lab: &Lab) -> Result<(), Broken> {
    for (name, rows) in ROWS {
        let repository = lab.repository(name)?;
        for text in *rows {
            let record = row(repository.model(), text)?;
            repository.create(&lab.cx, record).await?;
        }
    }
    Ok(())
}

fn joined(repository: &dyn Repository<Record>, rows: &[Record]) -> String {
    let model = repository.model();
    let ids = rows.iter().map(|row| model.view(row.as_ref()).string(1));
    ids.collect::<Vec<_>>().join(" ")
}

async fn select(
    lab: &Lab,
    repository: &dyn Repository<Record>,
    text: &str,
) -> Result<String, Broken> {
    let model = repository.model();
    let filter = Filter::parse(model, text).map_err(|error| broken(error.to_string()))?;
    let mut query = Query::new(model.key_order().clone());
    query.filter = Some(filter);
    let rows = repository.find(&lab.cx, &query).await?;
    let count = repository.count(&lab.cx, query.filter.as_ref()).await?;
    equal("count", count, rows.len() as u64)?;
    Ok(joined(repository, &rows))
}

async fn each(lab: &Lab, name: &str, table: &[(&str, &str)]) -> Result<(), Broken> {
    filled(lab).await?;
    let repository = lab.repository(name)?;
    let mut wrong = Vec::new();
    for (text, due) in table {
        let found = select(lab, &*repository, text).await;
        let found = found.unwrap_or_else(|broken| broken.reason);
        if found != *due {
            wrong.push(format!("`{text}` selects [{found}] instead of [{due}]"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(broken(wrong.join("\n"))),
    }
}

pub(super) async fn conditions_reach_related_rows(lab: &Lab) -> Result<(), Broken> {
    each(lab, "Person", CONDITIONS).await
}

pub(super) async fn values_of_any_type_keep_theirs(lab: &Lab) -> Result<(), Broken> {
    each(lab, "Crew", ANY_TYPE).await
}

pub(super) async fn orders_reach_related_rows(lab: &Lab) -> Result<(), Broken> {
    filled(lab).await?;
    let people = lab.repository("Person")?;
    for (text, due) in ORDERS {
        let order = OrderBy::parse(people.model(), text).map_err(|e| broken(e.to_string()))?;
        let whole = people.find(&lab.cx, &Query::new(order.clone())).await?;
        equal(text, joined(&*people, &whole), (*due).to_owned())?;
        for size in 1..=3 {
            let mut query = Query::new(order.clone());
            query.limit = Some(size);
            let mut paged = Vec::new();
            loop {
                let rows = people.find(&lab.cx, &query).await?;
                let Some(last) = rows.last() else { break };
                query.after = Some(people.place(&lab.cx, &order, last).await?);
                paged.extend(rows);
                if paged.len() > whole.len() {
                    break;
                }
            }
            let what = format!("{text} in pages of {size}");
            equal(&what, joined(&*people, &paged), (*due).to_owned())?;
        }
    }
    Ok(())
}

/// Rows of other models that a scope hides are as if they were not there.
pub(super) async fn what_may_not_be_seen_counts_as_absent(lab: &Lab) -> Result<(), Broken> {
    filled(lab).await?;
    let people = lab.repository("Person")?;
    let hidden = |name: &str| match name {
        "Crew" => Some("name != Red"),
        "Task" => Some("id != k3"),
        "PersonCraft" => Some("id != l2"),
        _ => None,
    };
    let seen: SeenRows<'_> = &|model| {
        let text = hidden(&model.message().name);
        Ok(text.and_then(|text| Filter::parse(model, text).ok()))
    };
    let cases = [
        ("crew:*", "p3 p5"),
        ("crew.name = Red", ""),
        ("crew.name != Red", "p1 p2 p3 p4 p5"),
        ("tasks.hours > 4", "p1"),
        ("none(tasks, hours > 4)", "p2 p3 p4 p5"),
        ("crafts.name = sql", "p2"),
        ("boss.crew:*", ""),
    ];
    for (text, due) in cases {
        let parsed = Filter::parse(people.model(), text);
        let mut filter = parsed.map_err(|error| broken(error.to_string()))?;
        filter.scope_related(seen)?;
        let mut query = Query::new(people.model().key_order().clone());
        query.filter = Some(filter);
        let rows = people.find(&lab.cx, &query).await?;
        equal(text, joined(&*people, &rows), due.to_owned())?;
    }
    let mut order =
        OrderBy::parse(people.model(), "crew.name").map_err(|e| broken(e.to_string()))?;
    order.scope_related(seen)?;
    let rows = people.find(&lab.cx, &Query::new(order.clone())).await?;
    equal(
        "scoped order",
        joined(&*people, &rows),
        "p3 p5 p1 p2 p4".to_owned(),
    )?;
    let place = people.place(&lab.cx, &order, &rows[2]).await?;
    equal("scoped place", place.values[0].is_null(), true)
}

/// Stores rows and expects ids of a model for filters and orders.
async fn expect(
    lab: &Lab,
    rows: &[(&str, &[&str])],
    model: &str,
    asked: &[(&str, &str, &str)],
) -> Result<(), Broken> {
    for (model, lines) in rows {
        let repository = lab.repository(model)?;
        for line in *lines {
            repository
                .create(&lab.cx, row(repository.model(), line)?)
                .await?;
        }
    }
    let repository = lab.repository(model)?;
    let model = repository.model();
    for (filter, order, due) in asked {
        let wrong = |error: crate::FilterError| broken(error.to_string());
        let mut query = Query::new(OrderBy::parse(model, order).map_err(wrong)?);
        query.filter = Some(Filter::parse(model, filter).map_err(wrong)?);
        let found = repository.find(&lab.cx, &query).await?;
        let ids: Vec<String> = found
            .iter()
            .filter_map(|row| Some(model.find_key(row.as_ref())?.to_string()))
            .collect();
        equal(
            &format!("{filter} {order}"),
            ids.join(" "),
            (*due).to_owned(),
        )?;
    }
    Ok(())
}

pub(super) async fn rows_with_an_id_of_several_fields_are_related(lab: &Lab) -> Result<(), Broken> {
    expect(lab, ROWS, "Shift", SHIFTS).await?;
    let (people, shifts) = (lab.repository("Person")?, lab.repository("Shift")?);
    let new = row(people.model(), r#"{"id":"p6"}"#)?;
    people.create(&lab.cx, new).await?;
    for day in 0..2 {
        let text = format!(r#"{{"personId":"p6","day":{day}}}"#);
        shifts.create(&lab.cx, row(shifts.model(), &text)?).await?;
    }
    equal("shifts", shifts.count(&lab.cx, None).await?, 5)?;
    people.delete_by_id(&lab.cx, &"p6".into()).await?;
    let left = shifts.count(&lab.cx, None).await?;
    equal("shifts go with their person", left, 3)
}

pub(super) async fn lists_of_large_keys_are_followed(lab: &Lab) -> Result<(), Broken> {
    let rows: &[(&str, &[&str])] = &[
        (
            "Crate",
            &[
                r#"{"id":"0","name":"zero"}"#,
                r#"{"id":"7","name":"small"}"#,
                r#"{"id":"9223372036854775807","name":"last"}"#,
                r#"{"id":"9223372036854775808","name":"first"}"#,
                r#"{"id":"10000000000000000000","name":"ten"}"#,
                r#"{"id":"18446744073709551615","name":"largest"}"#,
            ],
        ),
        (
            "Load",
            &[
                r#"{"id":"1","crateIds":["7","9223372036854775807"]}"#,
                r#"{"id":"2","crateIds":["9223372036854775808","0"]}"#,
                r#"{"id":"3","crateIds":["18446744073709551615","10000000000000000000"]}"#,
                r#"{"id":"4"}"#,
            ],
        ),
    ];
    let asked = [
        ("crates.name = zero", "", "2"),
        ("crates.name = small", "", "1"),
        ("crates.name = last", "", "1"),
        ("crates.name = first", "", "2"),
        ("crates.name = ten", "", "3"),
        ("crates.name = largest", "", "3"),
        ("NOT crates:*", "", "4"),
    ];
    expect(lab, rows, "Load", &asked).await
}

pub(super) async fn a_key_is_of_the_model_that_the_row_names(lab: &Lab) -> Result<(), Broken> {
    let rows: &[(&str, &[&str])] = &[
        ("Crew", &[r#"{"id":"x","name":"crew"}"#]),
        ("Craft", &[r#"{"id":"x","name":"craft"}"#]),
        (
            "Remark",
            &[
                r#"{"id":"1","ofType":"Crew","ofId":"x"}"#,
                r#"{"id":"2","ofType":"Craft","ofId":"x"}"#,
                r#"{"id":"3","ofId":"x"}"#,
                r#"{"id":"4","ofType":"Crew"}"#,
            ],
        ),
    ];
    let asked = [
        ("crew.name = crew", "", "1"),
        ("craft.name = craft", "", "2"),
        ("crew:*", "", "1"),
        ("NOT craft:*", "", "1 3 4"),
        ("craft.name != craft", "", "1 3 4"),
        ("", "craft.name", "2 1 3 4"),
        ("", "crew.name desc", "2 3 4 1"),
    ];
    expect(lab, rows, "Remark", &asked).await
}
