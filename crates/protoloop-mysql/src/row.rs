//! Rows of an answer.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
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
            other => return Err(Error::internal_error(format!("a value of type {other}"))),
        })
    }

    fn width(&self) -> usize {
        self.0.len()
    }
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
