//! Statements of the application's own.

use std::sync::Arc;

use protoloop_core::{Error, Result};
use protoloop_repository::{Executed, NativeRow, Value};
use protoloop_sql::{SqlRow as _, SqlValue, first_word};

use crate::{Failure, Fault, FaultKind, Link, SharedSql, Values};

/// What begins and ends transactions, or does so by the way; transactions are begun by `begin`.
const CONTROL: [&str; 11] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "ABORT",
    "SAVEPOINT",
    "RELEASE",
    "XA",
    "LOCK",
    "UNLOCK",
];

/// Whether a statement only reads, by its first word. One that does not say so at once may write.
pub(crate) fn reads(text: &str) -> bool {
    let word = first_word(text);
    ["SELECT", "VALUES", "EXPLAIN", "SHOW"]
        .iter()
        .any(|read| read.eq_ignore_ascii_case(word))
}

/// Refuses what would begin or end a transaction.
pub(crate) fn check(text: &str) -> Result<()> {
    let word = first_word(text);
    match CONTROL.iter().any(|other| other.eq_ignore_ascii_case(word)) {
        true => Err(Error::invalid_argument(
            "a native statement cannot begin or end a transaction",
        )),
        false => Ok(()),
    }
}

/// Runs it, and reads its answer to the end.
pub(crate) async fn run<L: Link>(
    link: &mut L,
    text: SharedSql,
    values: Values<'_>,
) -> Result<Executed, Failure> {
    let places = link.places(Arc::clone(&text)).await;
    let places = places.map_err(|fault| told(fault.into()))?;
    if let Some(places) = places.filter(|places| *places != values.len()) {
        let given = values.len();
        let what = format!("the statement takes {places} values, and {given} are given");
        return Err(Error::invalid_argument(what).into());
    }
    let only_reads = reads(&text);
    let mut executed = Executed::default();
    let mut columns: Option<Arc<[Arc<str>]>> = None;
    let rows = &mut executed.rows;
    let each = |row: &L::Row| {
        let columns = columns.get_or_insert_with(|| L::names(row));
        let read = |index: usize| {
            row.value(index)
                .map_err(|error| unread(columns, index, error))
        };
        let values = (0..row.width()).map(|index| Ok(value(read(index)?)));
        let values = values.collect::<Result<Vec<_>>>()?;
        rows.push(NativeRow::new(Arc::clone(columns), values));
        Ok(())
    };
    let done = link.query(text, values, each).await.map_err(told)?;
    if !only_reads {
        executed.affected = done.rows;
    }
    Ok(executed)
}

/// A type that is no value of ours.
fn unread(columns: &[Arc<str>], index: usize, error: Error) -> Error {
    let name = columns.get(index).map_or("?", |name| &**name);
    let what = format!(
        "the column `{name}` has a type that is not read; let the statement cast it to text"
    );
    Error::invalid_argument(what).with_source(error)
}

fn value(value: SqlValue<'_>) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Bool(value) => Value::Bool(value),
        SqlValue::Int(value) => Value::I64(value),
        SqlValue::Uint(value) => i64::try_from(value).map_or(Value::U64(value), Value::I64),
        SqlValue::Real(value) => Value::F64(value),
        SqlValue::Text(text) | SqlValue::Json(text) => Value::String(text.into_owned()),
        SqlValue::Blob(bytes) => Value::Bytes(bytes.into_owned()),
    }
}

/// What the database does not take is the fault of who wrote the statement.
fn told(failure: Failure) -> Failure {
    match failure {
        Failure::Database(Fault {
            kind: FaultKind::Other | FaultKind::NoTable,
            source,
        }) => Error::invalid_argument("the database does not take the statement")
            .with_source(source)
            .into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_transaction_is_refused() {
        for text in ["commit", " /* x */ Rollback to a", "-- x\nBEGIN"] {
            assert!(check(text).is_err(), "{text}");
        }
        assert!(check("SELECT 'commit'").is_ok());
        assert!(reads("-- why\n show server_version"));
        assert!(!reads("WITH a AS (SELECT 1) DELETE FROM t"));
    }
}
