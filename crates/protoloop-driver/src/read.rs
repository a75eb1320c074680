//! Queries over one connection.

use std::{collections::HashMap, sync::Arc};

use protoloop_core::Error;
use protoloop_repository::{
    Cursor, Filter, GroupQuery, Groups, Key, Link as Relation, OrderBy, Query, Record,
};
use protoloop_sql::{Records, SqlRow as _, SqlValue, Statement, Table};

use crate::{Failure, Link};

/// Most keys in one statement.
const KEYS: usize = 512;

/// The rows of a query.
pub(crate) async fn select<L: Link>(
    link: &mut L,
    table: &Table,
    query: &Query,
) -> Result<Vec<Record>, Failure> {
    let (sql, values, selection) = table.select_page(query)?;
    let mut records = Records::new(table, &selection);
    link.query(sql, values, |row| Ok(records.push(row)?))
        .await?;
    Ok(records.finish())
}

/// The row of a key; `lock` keeps others from changing it until the transaction ends.
pub(crate) async fn find<L: Link>(
    link: &mut L,
    table: &Table,
    key: &Key,
    lock: bool,
) -> Result<Option<Record>, Failure> {
    let sql = match lock {
        true => table.find_for_update_sql(),
        false => table.find_sql(),
    };
    let mut found = None;
    let each = |row: &L::Row| {
        found = Some(table.record(row)?);
        Ok(())
    };
    link.query(Arc::clone(sql), table.key_values(key), each)
        .await?;
    Ok(of_key(table, key, found))
}

/// The row that was found for a key, if it has that one and not one whose letters are the same to the database.
fn of_key(table: &Table, key: &Key, found: Option<Record>) -> Option<Record> {
    match table.has_loose_key() {
        true => found.filter(|row| table.model().find_key(row.as_ref()).as_ref() == Some(key)),
        false => found,
    }
}

/// The row of a key that fulfils a condition, locked or not.
pub(crate) async fn find_within<L: Link>(
    link: &mut L,
    table: &Table,
    key: &Key,
    scope: &Filter,
    lock: bool,
) -> Result<Option<Record>, Failure> {
    let mut found = None;
    rows(link, table.find_within(key, scope, lock)?, |row| {
        found = Some(table.record(row)?);
        Ok(())
    })
    .await?;
    Ok(of_key(table, key, found))
}

/// The rows of several keys, in their order; of those only that fulfil a condition, if there is one.
pub(crate) async fn find_all<L: Link>(
    link: &mut L,
    table: &Table,
    keys: &[Key],
    scope: Option<&Filter>,
) -> Result<Vec<Option<Record>>, Failure> {
    if let ([key], None) = (keys, scope) {
        return Ok(vec![find(link, table, key, false).await?]);
    }
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    let wanted: Vec<&Key> = keys.iter().collect();
    for some in wanted.chunks(KEYS) {
        let (sql, values) = match scope {
            None => table.select_keys(some),
            Some(scope) => {
                let select = table.select_keys_within(some, scope)?;
                (select.sql.into(), select.values)
            }
        };
        link.query(sql, values, |row| {
            let record = table.record(row)?;
            found.insert(table.model().key_of(record.as_ref())?, record);
            Ok(())
        })
        .await?;
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// The rows of several keys, in their order, which nobody removes until the transaction ends; others may hold them too.
pub(crate) async fn hold<L: Link>(
    link: &mut L,
    table: &Table,
    keys: &[Key],
) -> Result<Vec<Option<Record>>, Failure> {
    let mut found: HashMap<Key, Record> = HashMap::with_capacity(keys.len());
    let wanted: Vec<&Key> = keys.iter().collect();
    for some in wanted.chunks(KEYS) {
        let (sql, values) = table.hold_keys(some);
        link.query(sql, values, |row| {
            let record = table.record(row)?;
            found.insert(table.model().key_of(record.as_ref())?, record);
            Ok(())
        })
        .await?;
    }
    Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
}

/// The rows of each key of a query, limited per key.
pub(crate) async fn groups<L: Link>(
    link: &mut L,
    table: &Table,
    query: &GroupQuery,
) -> Result<Vec<Vec<Record>>, Failure> {
    let mut groups = Groups::new(&query.keys).at_most(query.most);
    for some in query.keys.chunks(KEYS) {
        let (statement, selection) = table.select_grouped(query, some)?;
        rows(link, statement, |row| {
            let record = table.record_from(row, selection.columns(table))?;
            groups.push(&table.group_of(query, &selection, row)?, record);
            Ok(())
        })
        .await?;
    }
    Ok(groups.finish())
}

/// The place of a row in an order, with the values of the rows that the order leads to.
pub(crate) async fn place<L: Link>(
    link: &mut L,
    table: &Table,
    order: &OrderBy,
    row: &Record,
) -> Result<Cursor, Failure> {
    let mut cursor = Cursor::of_row(table.model(), order, row.as_ref());
    for (term, value) in order.terms().iter().zip(&mut cursor.values) {
        if let Some((table, row)) = behind(link, table, &term.via, row).await? {
            *value = table.model().value_of(row.as_ref(), &term.path);
        }
    }
    Ok(cursor)
}

/// The row that to-one relations lead to, with its table.
async fn behind<L: Link>(
    link: &mut L,
    table: &Table,
    via: &[Relation],
    row: &Record,
) -> Result<Option<(Arc<Table>, Record)>, Failure> {
    let mut reached: Option<(Arc<Table>, Record)> = None;
    for step in via {
        let (table, row) = match &reached {
            Some((table, row)) => (&**table, row),
            None => (table, row),
        };
        let Some((statement, target)) = table.select_linked(step, row.as_ref())? else {
            return Ok(None);
        };
        let mut found = None;
        rows(link, statement, |row| {
            found = Some(target.record(row)?);
            Ok(())
        })
        .await?;
        let Some(record) = found else {
            return Ok(None);
        };
        reached = Some((target, record));
    }
    Ok(reached)
}

/// The number of rows of a filter.
pub(crate) async fn count<L: Link>(
    link: &mut L,
    table: &Table,
    filter: Option<&Filter>,
) -> Result<u64, Failure> {
    let mut count = None;
    rows(link, table.count(filter)?, |row| {
        count = match row.value(0)? {
            SqlValue::Int(value) => u64::try_from(value).ok(),
            SqlValue::Uint(value) => Some(value),
            _ => None,
        };
        Ok(())
    })
    .await?;
    count.ok_or_else(|| Error::internal_error("COUNT gave no integer").into())
}

async fn rows<L: Link>(
    link: &mut L,
    statement: Statement,
    each: impl FnMut(&L::Row) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    link.query(statement.sql.into(), statement.values, each)
        .await?;
    Ok(())
}
