//! Values as arguments of a statement.

use protoloop_driver::{Fault, FaultKind};
use protoloop_sql::SqlValue;
use sqlx::{Arguments as _, mysql::MySqlArguments};

pub(crate) fn arguments(values: &[SqlValue<'_>]) -> Result<MySqlArguments, Fault> {
    let mut arguments = MySqlArguments::default();
    arguments.reserve(values.len(), 16 * values.len());
    for value in values {
        match value {
            SqlValue::Null => arguments.add(Option::<i64>::None),
            SqlValue::Bool(value) => arguments.add(value),
            SqlValue::Int(value) => arguments.add(value),
            SqlValue::Uint(value) => arguments.add(value),
            SqlValue::Real(value) => arguments.add(value),
            SqlValue::Text(text) | SqlValue::Json(text) => arguments.add(&**text),
            SqlValue::Blob(bytes) => arguments.add(&**bytes),
        }
        .map_err(|error| Fault::new(FaultKind::Other, error))?;
    }
    Ok(arguments)
}
