//! Pages.

use super::{
    filters::ITEMS,
    lab::{Broken, Lab, broken, equal},
};
use crate::{Cursor, Query, Record, RepositoryExt as _};

const ORDERS: &[&str] = &[
    "",
    "id desc",
    "rank",
    "rank desc, note",
    "note desc, rank desc",
    "due, price desc",
    "done, address.city desc",
    "total desc, id desc",
    "data, span desc",
];

/// 500 rows with few values, so that every page ends among ties, and with nulls.
async fn store_many(lab: &Lab) -> Result<(), Broken> {
    let mut rows = Vec::new();
    for n in 0..500_u32 {
        let mut row = format!(
            r#"{{"id":"{:05}","done":{}"#,
            n * 7919 % 100_000,
            n % 2 == 0
        );
        if n % 3 != 0 {
            row += &format!(
                r#","rank":{},"due":"2024-01-0{}T00:00:00Z""#,
                n % 5,
                n % 4 + 1
            );
        }
        if n % 4 != 0 {
            row += &format!(r#","note":"n{}","span":"{}s""#, n % 3, n % 6);
        }
        if n % 7 != 0 {
            row += &format!(
                r#","address":{{"city":"c{}"}},"total":"{}","price":{}"#,
                n % 2,
                u64::MAX - u64::from(n % 3),
                f64::from(n % 9) - 4.5,
            );
        }
        rows.push(lab.item(&format!("{row}}}"))?);
    }
    lab.items.create_all(&lab.cx, rows).await?;
    Ok(())
}

async fn page(lab: &Lab, query: &mut Query) -> Result<Vec<Record>, Broken> {
    let rows = lab.items.find(&lab.cx, query).await?;
    query.after = rows
        .last()
        .map(|row| Cursor::of_row(lab.items.model(), &query.order, row.as_ref()));
    Ok(rows)
}

pub(super) async fn pages_join_to_the_whole(lab: &Lab) -> Result<(), Broken> {
    store_many(lab).await?;
    for filter in ["", "done = true AND NOT rank = 2"] {
        for order in ORDERS {
            let mut query = lab.query(filter, order)?;
            let whole = lab.items.find(&lab.cx, &query).await?;
            query.limit = Some(37);
            let mut joined: Vec<Record> = Vec::new();
            loop {
                let rows = page(lab, &mut query).await?;
                let more = rows.len() == 37;
                joined.extend(rows);
                if !more {
                    break;
                }
                if joined.len() > whole.len() {
                    return Err(broken(format!("`{order}`: pages overlap")));
                }
            }
            let (joined, whole) = (lab.joined(&joined), lab.joined(&whole));
            equal(&format!("`{order}` where `{filter}`"), joined, whole)?;
        }
    }
    Ok(())
}

pub(super) async fn skip_and_limit_count_behind_the_cursor(lab: &Lab) -> Result<(), Broken> {
    lab.store(ITEMS).await?;
    let mut query = lab.query("", "id desc")?;
    query.limit = Some(2);
    equal(
        "first",
        lab.joined(&page(lab, &mut query).await?),
        "f e".to_owned(),
    )?;
    query.skip = 1;
    equal(
        "second",
        lab.joined(&page(lab, &mut query).await?),
        "c b".to_owned(),
    )?;
    equal(
        "third",
        lab.joined(&page(lab, &mut query).await?),
        String::new(),
    )?;
    let mut query = lab.query("", "")?;
    query.skip = 4;
    equal(
        "skip alone",
        lab.joined(&page(lab, &mut query).await?),
        "e f".to_owned(),
    )?;
    let mut query = lab.query("", "")?;
    query.limit = Some(0);
    equal(
        "limit 0",
        lab.joined(&page(lab, &mut query).await?),
        String::new(),
    )
}
