//! Rows of an answer.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_driver::clock;
use protoloop_sql::{SqlRow, SqlValue};
use sqlx::{
    Decode, MySql, Row as _, Type, TypeInfo as _, ValueRef as _,
    mysql::{MySqlRow, MySqlValueRef},
};

/// A row as `protoloop-sql` reads it.
#[derive(Debug)]
pub struct Row(pub(crate) MySqlRow);

impl SqlRow for Row {
    fn value(&self, index: usize) -> Result<SqlValue<'_>> {
        let value = self.0.try_get_raw(index).map_err(unreadable)?;
        if value.is_null() {
            return Ok(SqlValue::Null);
        }
        let kind = value.type_info().into_owned();
        Ok(match kind.name() {
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT" | "YEAR" => {
                SqlValue::Int(decode(value)?)
            }
            "TINYINT UNSIGNED" | "SMALLINT UNSIGNED" | "MEDIUMINT UNSIGNED" | "INT UNSIGNED"
            | "BIGINT UNSIGNED" => SqlValue::Uint(decode(value)?),
            "FLOAT" => SqlValue::Real(f64::from(decode::<f32>(value)?)),
            "DOUBLE" => SqlValue::Real(decode(value)?),
            // A text that is compared by its bytes is called so too; its collation tells.
            "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB" | "MEDIUMBLOB" | "LONGBLOB"
                if !<str as Type<MySql>>::compatible(&kind) =>
            {
                SqlValue::Blob(Cow::Borrowed(decode(value)?))
            }
            "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" | "ENUM"
            | "SET" | "JSON" | "DECIMAL" | "BINARY" | "VARBINARY" | "TINYBLOB" | "BLOB"
            | "MEDIUMBLOB" | "LONGBLOB" => {
                let bytes: &[u8] = decode(value)?;
                let text = std::str::from_utf8(bytes).map_err(|error| broken(error.into()))?;
                SqlValue::Text(Cow::Borrowed(text))
            }
            "DATE" => SqlValue::Text(moment(decode(value)?, true).into()),
            "DATETIME" | "TIMESTAMP" => SqlValue::Text(moment(decode(value)?, false).into()),
            "TIME" => SqlValue::Text(span(decode(value)?).into()),
            "BIT" => SqlValue::Uint(bits(decode(value)?)),
            other => return Err(Error::internal_error(format!("a value of type {other}"))),
        })
    }

    fn width(&self) -> usize {
        self.0.len()
    }
}

/// A date or a moment of a prepared statement's answer: a length, and as many of its parts as are not zero.
fn moment(bytes: &[u8], only_date: bool) -> String {
    let part = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let year = u16::from_le_bytes([part(1), part(2)]);
    let date = format!("{year:04}-{:02}-{:02}", part(3), part(4));
    if only_date {
        return date;
    }
    let micros = u32::from_le_bytes([part(8), part(9), part(10), part(11)]);
    let (hour, minute, second) = (part(5), part(6), part(7));
    format!("{date}T{hour:02}:{minute:02}:{second:02}.{micros:06}000Z")
}

/// A time, which may be negative or longer than a day, in the same form.
fn span(bytes: &[u8]) -> String {
    let part = |index: usize| bytes.get(index).copied().unwrap_or(0);
    let sign = if part(1) == 0 { "" } else { "-" };
    let days = u32::from_le_bytes([part(2), part(3), part(4), part(5)]);
    let hours = u64::from(days) * 24 + u64::from(part(6));
    let micros = u32::from_le_bytes([part(9), part(10), part(11), part(12)]);
    let clock = clock(hours, part(7).into(), part(8).into(), micros);
    format!("{sign}{clock}")
}

/// At most 64 bits, the last byte the lowest.
fn bits(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn decode<'a, T: Decode<'a, MySql>>(value: MySqlValueRef<'a>) -> Result<T> {
    T::decode(value).map_err(broken)
}

fn broken(error: sqlx::error::BoxDynError) -> Error {
    Error::internal_error("a stored value cannot be read").with_source(error)
}

fn unreadable(error: sqlx::Error) -> Error {
    Error::internal_error("an answer without this column").with_source(error)
}
