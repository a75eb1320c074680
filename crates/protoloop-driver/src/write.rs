//! Writes over one connection, within a transaction.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use protoloop_core::{Error, Result};
use protoloop_repository::{Alteration, Filter, Key, Record, Write};
use protoloop_sql::{SqlRow as _, SqlValue, Table};

use crate::{
    Done, Failure, Fault, FaultKind, Link, SharedSql, Values, insert,
    read::{find, find_within},
};

/// How often a write that meets others is tried.
pub(crate) const ATTEMPTS: u32 = 10;

/// Answers to the writes of one call.
pub(crate) type Answers = Vec<Option<Record>>;

/// Which write failed, if it was one of them, and why.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) index: Option<usize>,
    pub(crate) failure: Failure,
    /// How often it is worth another try because a row was there that an edit had not found: another one inserted it
    /// meanwhile.
    pub(crate) overtaken: u32,
    /// Whether it is one of several that were done in one statement, so that each is to be done by itself.
    pub(crate) apart: bool,
}

impl Failed {
    /// Whether the whole may be tried again: nothing of it was kept, and it met others.
    pub(crate) fn may_try_again(&self, attempt: u32) -> bool {
        attempt < self.overtaken || attempt < ATTEMPTS && self.failure.is(&FaultKind::Conflict)
    }
}

impl<F: Into<Failure>> From<F> for Failed {
    fn from(failure: F) -> Self {
        Self {
            index: None,
            failure: failure.into(),
            overtaken: 0,
            apart: false,
        }
    }
}

/// Does the writes of one call in order, new rows several in a statement unless they are to be done `apart`. The first
/// failure ends it; what was done before is the transaction's to undo.
pub(crate) async fn each<L: Link>(
    link: &mut L,
    table: &Table,
    writes: &[Write<Record>],
    apart: bool,
) -> Result<Answers, Failed> {
    let mut answers = Vec::with_capacity(writes.len());
    while let Some(write) = writes.get(answers.len()) {
        let index = answers.len();
        if !apart && let Some(size) = insert::together(table, &writes[index..]) {
            insert::insert(link, table, &writes[index..index + size], &mut answers).await?;
            continue;
        }
        match one(link, table, write).await {
            Ok(answer) => answers.push(answer),
            Err(failed) => {
                return Err(Failed {
                    index: Some(index),
                    ..failed
                });
            }
        }
    }
    Ok(answers)
}

async fn one<L: Link>(
    link: &mut L,
    table: &Table,
    write: &Write<Record>,
) -> Result<Option<Record>, Failed> {
    match write {
        Write::Create(row) => Ok(Some(create(link, table, row).await?)),
        Write::Set { .. } => match set(link, table, write).await? {
            None => locked(link, table, write).await,
            changed => Ok(changed),
        },
        Write::Modify { .. } | Write::Delete { .. } | Write::Alter { .. } => {
            locked(link, table, write).await
        }
    }
}

/// Sets fields of a row in one statement, and answers it as it is stored then; `None` where that changes no row, or the
/// database has no such statement.
pub(crate) async fn set<L: Link>(
    link: &mut L,
    table: &Table,
    write: &Write<Record>,
) -> Result<Option<Record>, Failure> {
    let Write::Set {
        key, changes, when, ..
    } = write
    else {
        return Ok(None);
    };
    let Some(set) = table.set(key, when.as_ref(), changes)? else {
        return Ok(None);
    };
    let mut changed = None;
    let each = |row: &L::Row| {
        changed = Some(table.record(row)?);
        Ok(())
    };
    match link.query(set.0, set.1, each).await {
        Ok(_) => Ok(changed),
        Err(Failure::Database(fault)) => Err(referring(fault, table, false)),
        Err(refused) => Err(refused),
    }
}

/// The row that a write looks at, and the condition under which alone it is there for it; `None` of a new row.
pub(crate) fn looked_at(write: &Write<Record>) -> Option<(&Key, Option<&Filter>)> {
    match write {
        Write::Modify { key, .. } | Write::Delete { key, .. } => Some((key, None)),
        Write::Alter { key, scope, .. } | Write::Set { key, scope, .. } => {
            Some((key, scope.as_ref()))
        }
        Write::Create(_) => None,
    }
}

/// The row that a write looks at; `locking`, nobody else changes it before the transaction ends.
pub(crate) async fn look<L: Link>(
    link: &mut L,
    table: &Table,
    write: &Write<Record>,
    locking: bool,
) -> Result<Option<Record>, Failure> {
    match looked_at(write) {
        None => Ok(None),
        Some((key, None)) => find(link, table, key, locking).await,
        Some((key, Some(scope))) => find_within(link, table, key, scope, locking).await,
    }
}

/// What a write makes of the row that it found.
pub(crate) fn decided(
    write: &Write<Record>,
    before: Option<&Record>,
) -> Result<Alteration<Record>> {
    unwinding(|| match write {
        Write::Modify { edit, .. } => edit(before).map(Alteration::Put),
        Write::Delete { check, .. } => check(before).map(|()| Alteration::Remove),
        Write::Alter { alter, .. } | Write::Set { alter, .. } => alter(before),
        Write::Create(_) => Ok(Alteration::Keep),
    })
}

/// Keeps, replaces or removes the row that a write looks at, with a lock. With a condition every statement has it.
async fn locked<L: Link>(
    link: &mut L,
    table: &Table,
    write: &Write<Record>,
) -> Result<Option<Record>, Failed> {
    let Some((key, scope)) = looked_at(write) else {
        return Ok(None);
    };
    let before = look(link, table, write, true).await?;
    match (decided(write, before.as_ref())?, before) {
        (Alteration::Put(after), before) => {
            put(link, table, key, scope, before, &after).await.map(Some)
        }
        (Alteration::Remove, Some(before)) => {
            remove(link, table, key, scope).await?;
            Ok(Some(before))
        }
        (Alteration::Keep | Alteration::Remove, before) => Ok(before),
    }
}

/// Removes the row that was found under a key.
async fn remove<L: Link>(
    link: &mut L,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
) -> Result<(), Failure> {
    let (sql, values) = match scope {
        None => (Arc::clone(table.delete_sql()), table.key_values(key)),
        Some(scope) => {
            let delete = table.delete_within(key, scope)?;
            (delete.sql.into(), delete.values)
        }
    };
    execute(link, table, (sql, values), true).await?;
    Ok(())
}

/// Stores a row in the place of the one that was found under its key, or anew.
async fn put<L: Link>(
    link: &mut L,
    table: &Table,
    key: &Key,
    scope: Option<&Filter>,
    before: Option<Record>,
    after: &Record,
) -> Result<Record, Failed> {
    keeps_key(table, key, after)?;
    let values = table.row_of(after.as_ref())?;
    let Some(before) = before else {
        return put_new(link, table, scope, values).await;
    };
    let Some(sql) = table.update_sql() else {
        return Ok(before);
    };
    let stored = table.record(values.as_slice())?;
    let (sql, values) = match scope {
        None => (Arc::clone(sql), table.update_values(values)),
        Some(scope) => match table.update_within(values, key, scope)? {
            Some(update) => (update.sql.into(), update.values),
            None => return Ok(before),
        },
    };
    execute(link, table, (sql, values), false).await?;
    Ok(reworded(link, table, stored).await?)
}

/// Runs a statement that changes rows; a foreign key that it would break is told by the reference.
pub(crate) async fn execute<L: Link>(
    link: &mut L,
    table: &Table,
    (sql, values): (SharedSql, Values<'_>),
    deleting: bool,
) -> Result<Done, Failure> {
    let done = link.execute(sql, values).await;
    done.map_err(|fault| referring(fault, table, deleting))
}

/// Refuses an edit that makes a row of another key.
pub(crate) fn keeps_key(table: &Table, key: &Key, after: &Record) -> Result<()> {
    if table.model().find_key(after.as_ref()).as_ref() == Some(key) {
        return Ok(());
    }
    let model = table.model().full_name();
    let what = format!("an edit of {model} `{key}` changed the key");
    Err(Error::internal_error(what))
}

/// Stores a row where none was found under its key.
pub(crate) async fn put_new<L: Link>(
    link: &mut L,
    table: &Table,
    scope: Option<&Filter>,
    values: Vec<SqlValue<'_>>,
) -> Result<Record, Failed> {
    let stored = insert(link, table, values).await;
    stored.map_err(|failure| Failed {
        index: None,
        apart: false,
        overtaken: match (takes_key(&failure, table), scope) {
            (false, _) => 0,
            (true, None) => ATTEMPTS,
            // A row that is there and out of scope stays so.
            (true, Some(_)) => 2,
        },
        failure,
    })
}

/// What was written, read again where the database may have made something else of it.
async fn reworded<L: Link>(
    link: &mut L,
    table: &Table,
    written: Record,
) -> Result<Record, Failure> {
    if !table.rewords() {
        return Ok(written);
    }
    let key = table.model().key_of(written.as_ref())?;
    let stored = find(link, table, &key, false).await?;
    // Someone removed it at once, or the database writes its key in other words.
    Ok(stored.unwrap_or(written))
}

/// A foreign key that a write would break is told by the reference.
pub(crate) fn referring(fault: Fault, table: &Table, deleting: bool) -> Failure {
    match &fault.kind {
        FaultKind::ForeignKey(violation) => {
            let error = table.violated(violation, deleting);
            Failure::Refused(error.with_source(fault.source))
        }
        _ => fault.into(),
    }
}

/// Whether an insertion failed because its key is taken.
fn takes_key(failure: &Failure, table: &Table) -> bool {
    let Failure::Database(fault) = failure else {
        return false;
    };
    let FaultKind::Unique(Some(name)) = &fault.kind else {
        return false;
    };
    table.constraint_fields(name).as_ref() == Some(&table.model().entity().key)
}

/// Runs a caller's closure; its panic fails the call and nothing else.
pub(crate) fn unwinding<T>(closure: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(closure))
        .unwrap_or_else(|_| Err(Error::internal_error("an edit or check panicked")))
}

/// Inserts a new row and answers it as it is stored.
pub(crate) async fn create<L: Link>(
    link: &mut L,
    table: &Table,
    row: &Record,
) -> Result<Record, Failure> {
    if !table.is_sequence() {
        // Names the key field that is missing.
        table.model().key_of(row.as_ref())?;
    }
    insert(link, table, table.row_of(row.as_ref())?).await
}

async fn insert<L: Link>(
    link: &mut L,
    table: &Table,
    mut values: Vec<SqlValue<'_>>,
) -> Result<Record, Failure> {
    let counted = table.is_sequence() && table.key().iter().any(|at| values[*at] == SqlValue::Null);
    if !counted {
        let stored = table.record(values.as_slice())?;
        let given = table.insert_values(values.clone());
        let insert = (Arc::clone(table.insert_sql()), given);
        execute(link, table, insert, false).await?;
        if table.is_sequence()
            && let Some(sql) = table.skip_sql()
        {
            // The sequence must not come to a number that was given by hand.
            let key = table.key().iter().map(|at| values[*at].clone()).collect();
            link.query(sql, key, |_| Ok(())).await?;
        }
        return reworded(link, table, stored).await;
    }
    let number = match table.counted_insert_sql() {
        None => {
            let sql = Arc::clone(table.insert_sql());
            let given = table.insert_values(values.clone());
            let done = execute(link, table, (sql, given), false).await?;
            done.counted.and_then(|number| i64::try_from(number).ok())
        }
        Some(sql) => {
            let mut number = None;
            let others = table.counted_values(values.clone());
            let each = |row: &L::Row| {
                if let SqlValue::Int(value) = row.value(0)? {
                    number = Some(value);
                }
                Ok(())
            };
            let done = link.query(Arc::clone(sql), others, each).await;
            done.map_err(|failure| match failure {
                Failure::Database(fault) => referring(fault, table, false),
                refused @ Failure::Refused(_) => refused,
            })?;
            number
        }
    };
    let number = number.ok_or_else(|| Error::internal_error("the database counted no key"))?;
    for at in table.key() {
        values[*at] = SqlValue::Int(number);
    }
    reworded(link, table, table.record(values.as_slice())?).await
}
