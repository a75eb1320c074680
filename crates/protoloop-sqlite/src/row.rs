//! Rows of an answer.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_sql::{SqlRow, SqlValue};
use sqlx::{
    Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _,
    sqlite::{SqliteRow, SqliteValueRef},
};

/// A row as `protoloop-sql` reads it.
pub(crate) struct Row<'a>(pub(crate) &'a SqliteRow);

impl SqlRow for Row<'_> {
    fn value(&self, index: usize) -> Result<SqlValue<'_>> {
        let value = self.0.try_get_raw(index).map_err(unreadable)?;
        // Before the class: that of a NULL is the declared type of its column.
        if value.is_null() {
            return Ok(SqlValue::Null);
        }
        let class = value.type_info();
        Ok(match class.name() {
            "INTEGER" => SqlValue::Int(decode(value)?),
            "REAL" => SqlValue::Real(decode(value)?),
            "TEXT" => SqlValue::Text(Cow::Borrowed(decode(value)?)),
            "BLOB" => SqlValue::Blob(Cow::Borrowed(decode(value)?)),
            other => return Err(Error::internal_error(format!("a value of class {other}"))),
        })
    }

    fn width(&self) -> usize {
        self.0.len()
    }
}

fn decode<'a, T: Decode<'a, Sqlite>>(value: SqliteValueRef<'a>) -> Result<T> {
    T::decode(value)
        .map_err(|error| Error::internal_error("a stored value cannot be read").with_source(error))
}

fn unreadable(error: sqlx::Error) -> Error {
    Error::internal_error("an answer without this column").with_source(error)
}
