//! SQLite: STRICT tables, values in the storage classes that order and compare exactly.

mod distance;
mod json;
mod live;

use std::borrow::Cow;

use protoloop_repository::Place;
use sea_query::{Expr, ExprTrait, ForeignKeyCreateStatement, SqliteQueryBuilder};

use super::Dialect;
use crate::{
    LiveQueries, Scalar, SqlValue, Storage,
    migrate::{Ddl, SQLITE_DDL},
    time,
};

/// SQLite 3.38 or later.
pub static SQLITE: Sqlite = Sqlite;

/// The dialect of SQLite; see [`SQLITE`].
#[derive(Clone, Copy, Debug)]
pub struct Sqlite;

/// NaN, which SQLite has no number for. Text stands behind every number.
const NAN: &str = "NaN";

impl Dialect for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn distance(&self, latitude: Expr, longitude: Expr, from: Place) -> Option<Expr> {
        Some(distance::meters(latitude, longitude, from))
    }

    fn encode<'a>(&self, storage: Storage, scalar: Scalar<'a>) -> SqlValue<'a> {
        match scalar {
            Scalar::Bool(value) => SqlValue::Int(i64::from(value)),
            Scalar::Int(value) => SqlValue::Int(value),
            Scalar::Uint(value) => uint(value),
            Scalar::Float(value) if value.is_nan() => SqlValue::Text(Cow::Borrowed(NAN)),
            Scalar::Float(value) => SqlValue::Real(value),
            Scalar::Text(text) | Scalar::Json(text) => SqlValue::Text(Cow::Borrowed(text)),
            Scalar::Bytes(bytes) => SqlValue::Blob(Cow::Borrowed(bytes)),
            Scalar::Timestamp { seconds, nanos } => {
                SqlValue::Text(Cow::Owned(time::timestamp_text(seconds, nanos)))
            }
            Scalar::Duration { seconds, nanos } => {
                debug_assert_eq!(storage, Storage::Duration);
                SqlValue::Text(Cow::Owned(time::duration_text(seconds, nanos)))
            }
        }
    }

    fn decode<'a>(&self, storage: Storage, value: &'a SqlValue<'_>) -> Option<Scalar<'a>> {
        Some(match (storage, value) {
            (Storage::Bool, SqlValue::Int(value)) => Scalar::Bool(*value != 0),
            (Storage::Int, SqlValue::Int(value)) => Scalar::Int(*value),
            (Storage::Uint32 | Storage::Uint64, SqlValue::Int(value)) => {
                Scalar::Uint(u64::try_from(*value).ok()?)
            }
            (Storage::Uint64, SqlValue::Blob(bytes)) => {
                Scalar::Uint(u64::from_be_bytes(<[u8; 8]>::try_from(&**bytes).ok()?))
            }
            (Storage::Float | Storage::Double, SqlValue::Real(value)) => Scalar::Float(*value),
            // Written by another program, or the DEFAULT of a column that was added.
            (Storage::Float | Storage::Double, SqlValue::Int(value)) => {
                Scalar::Float(*value as f64)
            }
            (Storage::Float | Storage::Double, SqlValue::Text(text)) if text == NAN => {
                Scalar::Float(f64::NAN)
            }
            (Storage::Text, SqlValue::Text(text)) => Scalar::Text(text),
            (Storage::Json, SqlValue::Text(text)) => Scalar::Json(text),
            (Storage::Bytes, SqlValue::Blob(bytes)) => Scalar::Bytes(bytes),
            (Storage::Timestamp, SqlValue::Text(text)) => Scalar::timestamp(text)?,
            (Storage::Duration, SqlValue::Text(text)) => Scalar::duration(text)?,
            _ => return None,
        })
    }

    fn column_type(&self, storage: Storage, _indexed: bool) -> &'static str {
        match storage {
            Storage::Bool | Storage::Int | Storage::Uint32 => "INTEGER",
            // ANY keeps what is bound: a number as blob or text beside integers and reals, and the sign of zero.
            Storage::Uint64 | Storage::Float | Storage::Double => "ANY",
            Storage::Text | Storage::Timestamp | Storage::Duration | Storage::Json => "TEXT",
            Storage::Bytes => "BLOB",
        }
    }

    fn sequence_type(&self) -> &'static str {
        "INTEGER"
    }

    fn table_options(&self) -> Option<&'static str> {
        Some("STRICT")
    }

    fn default_value(&self, storage: Storage) -> Option<Expr> {
        Some(match storage {
            Storage::Bool | Storage::Int | Storage::Uint32 | Storage::Uint64 => Expr::cust("0"),
            Storage::Float | Storage::Double => Expr::cust("0.0"),
            Storage::Text => Expr::cust("''"),
            Storage::Bytes => Expr::cust("x''"),
            Storage::Timestamp | Storage::Duration | Storage::Json => return None,
        })
    }

    written_by!(SqliteQueryBuilder);

    fn add_foreign_key(&self, _: &ForeignKeyCreateStatement) -> Option<String> {
        None
    }

    fn ddl(&self) -> &'static dyn Ddl {
        &SQLITE_DDL
    }

    fn live_queries(&self) -> LiveQueries {
        live::QUERIES
    }

    fn is_not_true(&self, condition: Expr) -> Expr {
        Expr::cust_with_exprs("(?) IS NOT TRUE", [condition])
    }

    fn is_distinct(&self, left: Expr, right: Expr) -> Expr {
        left.is_not(right)
    }

    fn is_below_nan(&self, number: Expr) -> Expr {
        number.lt(Expr::cust("''"))
    }

    fn regexp(&self, text: Expr, pattern: &str) -> Expr {
        Expr::cust_with_exprs("? REGEXP ?", [text, Expr::val(pattern)])
    }

    fn json_part(&self, json: Expr, fields: &[&str]) -> Expr {
        json::part(json, fields)
    }

    fn json_value(&self, json: Expr, fields: &[&str]) -> Expr {
        json::value(json, fields)
    }

    fn json_key(&self, json: Expr, key: &str) -> Expr {
        json::key(json, key)
    }

    fn json_has_key(&self, json: Expr, key: &str) -> Expr {
        json::has_key(json, key)
    }

    fn json_key_is_set(&self, json: Expr, key: &str) -> Expr {
        json::key(json, key).is_not_null()
    }

    fn json_contains(&self, json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr {
        json::contains(json, storage, scalar)
    }

    fn json_contained_by(&self, json: Expr, storage: Storage, scalars: &[Scalar<'_>]) -> Expr {
        json::contained_by(json, storage, scalars)
    }

    fn json_length(&self, json: Expr, is_object: bool) -> Expr {
        json::length(json, is_object)
    }

    fn json_has_element(&self, json: Expr, storage: Storage, column: Expr) -> Option<Expr> {
        json::has_element(json, storage, column)
    }

    fn json_key_of(&self, json: Expr, key: &str, storage: Storage) -> Expr {
        json::key_of(json, key, storage)
    }

    fn json_of(&self, json: Expr, storage: Storage) -> Expr {
        json::of(json, storage)
    }

    fn json_key_list(&self, json: Expr, key: &str) -> Expr {
        json::key_list(json, key)
    }

    fn json_list(&self, json: Expr) -> Expr {
        Expr::cust_with_exprs(
            "(CASE json_type(?) WHEN 'array' THEN ? END)",
            [json.clone(), json],
        )
    }

    /// `value` of an element that is a text has no quotes, so it is taken out of the list again.
    fn json_element(&self, list: &Expr, alias: &str) -> Expr {
        Expr::cust_with_exprs(format!(r#"(? -> "{alias}"."key")"#), [list.clone()])
    }

    fn json_some(&self, list: Expr, alias: &str, condition: Expr) -> Expr {
        let template = format!(r#"EXISTS (SELECT 1 FROM json_each(?) AS "{alias}" WHERE ?)"#);
        Expr::cust_with_exprs(template, [list, condition])
    }

    fn json_ordered(&self, storage: Storage, value: Expr) -> Option<Expr> {
        (storage != Storage::Bytes).then(|| json::comparable(storage, value))
    }

    fn json_comparable(&self, storage: Storage, value: Expr) -> Expr {
        json::comparable(storage, value)
    }

    fn json_operand(&self, storage: Storage, scalar: Scalar<'_>) -> Expr {
        Expr::val(sea_query::Value::from(json::operand(storage, scalar)))
    }
}

/// A number below 2^63 as an integer, a larger one as eight bytes, big end first: SQLite orders every blob behind every
/// integer, so the order is that of the numbers.
fn uint(value: u64) -> SqlValue<'static> {
    match i64::try_from(value) {
        Ok(value) => SqlValue::Int(value),
        Err(_) => SqlValue::Blob(Cow::Owned(value.to_be_bytes().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_values_come_back() {
        let cases = [
            (Storage::Bool, Scalar::Bool(true)),
            (Storage::Int, Scalar::Int(i64::MIN)),
            (Storage::Uint32, Scalar::Uint(u64::from(u32::MAX))),
            (Storage::Uint64, Scalar::Uint(0)),
            (Storage::Uint64, Scalar::Uint(1 << 63)),
            (Storage::Uint64, Scalar::Uint(u64::MAX)),
            (Storage::Double, Scalar::Float(f64::NEG_INFINITY)),
            (Storage::Text, Scalar::Text("a\0b")),
            (Storage::Bytes, Scalar::Bytes(&[0, 255])),
            (
                Storage::Timestamp,
                Scalar::Timestamp {
                    seconds: -1,
                    nanos: 1,
                },
            ),
            (
                Storage::Duration,
                Scalar::Duration {
                    seconds: 0,
                    nanos: -1,
                },
            ),
        ];
        for (storage, scalar) in cases {
            let stored = SQLITE.encode(storage, scalar);
            assert_eq!(SQLITE.decode(storage, &stored), Some(scalar));
        }
        let nan = SQLITE.encode(Storage::Double, Scalar::Float(f64::NAN));
        let back = SQLITE.decode(Storage::Double, &nan);
        assert!(matches!(back, Some(Scalar::Float(value)) if value.is_nan()));
    }

    #[test]
    fn what_was_never_stored_is_not_read() {
        let text = SqlValue::Text("7".into());
        assert_eq!(SQLITE.decode(Storage::Int, &text), None);
        assert_eq!(SQLITE.decode(Storage::Uint64, &SqlValue::Int(-1)), None);
        assert_eq!(SQLITE.decode(Storage::Timestamp, &text), None);
    }
}
