//! MySQL and MariaDB: values in columns that order and compare exactly, by a collation of bytes without padding.

mod declared;
mod json;
mod live;

use std::borrow::Cow;

use protoloop_repository::{Leaf, Place};
use sea_query::{Expr, ExprTrait, ForeignKeyCreateStatement, MysqlQueryBuilder};

use super::{
    Dialect,
    regex::{Flavor, translate},
};
use crate::{
    Column, Form, LiveQueries, Scalar, SqlValue, Storage,
    migrate::{Ddl, MYSQL_DDL},
    time,
};

/// MariaDB 10.6 or later.
pub static MARIADB: Mysql = Mysql {
    options: "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin",
    live: live::MARIADB,
    collation: "utf8mb4_nopad_bin",
};

/// MySQL 8.0.17 or later.
pub static MYSQL: Mysql = Mysql {
    options: "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_bin",
    live: live::MYSQL,
    collation: "utf8mb4_0900_bin",
};

/// The dialect of MySQL and of MariaDB; see [`MYSQL`] and [`MARIADB`].
#[derive(Clone, Copy, Debug)]
pub struct Mysql {
    /// Of a table: an order by byte, in which a trailing space counts.
    options: &'static str,
    live: LiveQueries,
    /// The collation of that order, of which each of the two servers knows another name.
    collation: &'static str,
}

/// Most characters of a text in an index. Three such columns fit the 3,072 bytes of a key.
const INDEXED: usize = 255;
const LONG: &str =
    "is longer than the 255 characters that a field of a key or index has in this database";
const NOT_FINITE: &str = "is NaN or infinite, which this database cannot store in a column";

impl Dialect for Mysql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn encode<'a>(&self, storage: Storage, scalar: Scalar<'a>) -> SqlValue<'a> {
        match scalar {
            Scalar::Bool(value) => SqlValue::Int(i64::from(value)),
            Scalar::Int(value) => SqlValue::Int(value),
            Scalar::Uint(value) if storage == Storage::Uint64 => SqlValue::Uint(value),
            Scalar::Uint(value) => SqlValue::Int(i64::try_from(value).unwrap_or(i64::MAX)),
            // A negative zero is stored as zero. What is compared with infinity is compared with the last number; what is stored is finite.
            Scalar::Float(value) => SqlValue::Real(value.clamp(f64::MIN, f64::MAX) + 0.0),
            Scalar::Text(text) | Scalar::Json(text) => SqlValue::Text(Cow::Borrowed(text)),
            Scalar::Bytes(bytes) => SqlValue::Blob(Cow::Borrowed(bytes)),
            Scalar::Timestamp { seconds, nanos } => {
                SqlValue::Text(Cow::Owned(time::timestamp_text(seconds, nanos)))
            }
            Scalar::Duration { seconds, nanos } => {
                SqlValue::Text(Cow::Owned(time::duration_text(seconds, nanos)))
            }
        }
    }

    fn decode<'a>(&self, storage: Storage, value: &'a SqlValue<'_>) -> Option<Scalar<'a>> {
        // The server marks text that is ordered by byte as if it were bytes.
        let text = |value: &'a SqlValue<'_>| match value {
            SqlValue::Text(text) => Some(&**text),
            SqlValue::Blob(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        Some(match (storage, value) {
            (Storage::Bool, SqlValue::Int(value)) => Scalar::Bool(*value != 0),
            (Storage::Bool, SqlValue::Bool(value)) => Scalar::Bool(*value),
            (Storage::Int, SqlValue::Int(value)) => Scalar::Int(*value),
            (Storage::Uint32 | Storage::Uint64, SqlValue::Int(value)) => {
                Scalar::Uint(u64::try_from(*value).ok()?)
            }
            (Storage::Uint32 | Storage::Uint64, SqlValue::Uint(value)) => Scalar::Uint(*value),
            (Storage::Float | Storage::Double, SqlValue::Real(value)) => Scalar::Float(*value),
            (Storage::Bytes, SqlValue::Blob(bytes)) => Scalar::Bytes(bytes),
            (Storage::Bytes, SqlValue::Text(text)) => Scalar::Bytes(text.as_bytes()),
            (Storage::Text, value) => Scalar::Text(text(value)?),
            (Storage::Json, value) => Scalar::Json(text(value)?),
            (Storage::Timestamp, value) => Scalar::timestamp(text(value)?)?,
            (Storage::Duration, value) => Scalar::duration(text(value)?)?,
            _ => return None,
        })
    }

    fn refusal(&self, column: &Column, scalar: &Scalar<'_>) -> Option<&'static str> {
        match scalar {
            Scalar::Float(value) if !value.is_finite() => Some(NOT_FINITE),
            _ if column.declared.is_some() => None,
            Scalar::Text(text) if column.indexed && text.len() > INDEXED => {
                (text.chars().count() > INDEXED).then_some(LONG)
            }
            Scalar::Bytes(bytes) if column.indexed && bytes.len() > INDEXED => Some(LONG),
            _ => None,
        }
    }

    fn declared(&self, type_name: &str, leaf: &Leaf) -> Option<Result<Form, String>> {
        Some(declared::form(type_name, leaf, self.collation))
    }

    fn literal(&self, text: &str) -> String {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    }

    fn column_type(&self, storage: Storage, indexed: bool) -> &'static str {
        match (storage, indexed) {
            (Storage::Bool, _) => "tinyint(1)",
            (Storage::Int | Storage::Uint32, _) => "bigint",
            (Storage::Uint64, _) => "bigint unsigned",
            (Storage::Float | Storage::Double, _) => "double",
            (Storage::Text, true) => "varchar(255)",
            (Storage::Text | Storage::Json, _) => "longtext",
            (Storage::Bytes, true) => "varbinary(255)",
            (Storage::Bytes, false) => "longblob",
            (Storage::Timestamp, _) => "varchar(30)",
            (Storage::Duration, _) => "varchar(23)",
        }
    }

    fn sequence_type(&self) -> &'static str {
        "bigint"
    }

    fn answers_changes(&self) -> bool {
        false
    }

    fn compares(&self, _storage: Storage) -> bool {
        true
    }

    fn holding(&self) -> &'static str {
        " LOCK IN SHARE MODE"
    }

    fn max_name(&self) -> usize {
        // 64, and room for what is put behind the name of an index.
        60
    }

    fn has_partial_indexes(&self) -> bool {
        false
    }

    fn table_options(&self) -> Option<&'static str> {
        Some(self.options)
    }

    fn default_value(&self, storage: Storage) -> Option<Expr> {
        Some(match storage {
            Storage::Bool
            | Storage::Int
            | Storage::Uint32
            | Storage::Uint64
            | Storage::Float
            | Storage::Double => Expr::cust("0"),
            Storage::Text => Expr::cust("('')"),
            Storage::Bytes => Expr::cust("(x'')"),
            Storage::Timestamp | Storage::Duration | Storage::Json => return None,
        })
    }

    written_by!(MysqlQueryBuilder);

    fn add_foreign_key(&self, statement: &ForeignKeyCreateStatement) -> Option<String> {
        Some(statement.to_string(MysqlQueryBuilder))
    }

    fn ddl(&self) -> &'static dyn Ddl {
        &MYSQL_DDL
    }

    fn live_queries(&self) -> LiveQueries {
        self.live
    }

    fn is_not_true(&self, condition: Expr) -> Expr {
        Expr::cust_with_exprs("(?) IS NOT TRUE", [condition])
    }

    fn is_distinct(&self, left: Expr, right: Expr) -> Expr {
        Expr::cust_with_exprs("NOT (? <=> ?)", [left, right])
    }

    fn is_below_nan(&self, number: Expr) -> Expr {
        // There is none.
        number.is_not_null()
    }

    fn regexp(&self, text: Expr, pattern: &str) -> Expr {
        match translate(pattern, Flavor::Perl) {
            Some(pattern) => Expr::cust_with_exprs("? REGEXP ?", [text, Expr::val(pattern)]),
            // Filters hold checked expressions only.
            None => Expr::val(false),
        }
    }

    fn json_part(&self, json: Expr, fields: &[&str]) -> Expr {
        json::part(json, fields)
    }

    fn json_value(&self, json: Expr, fields: &[&str]) -> Expr {
        json::value(json::part(json, fields))
    }

    fn json_key(&self, json: Expr, key: &str) -> Expr {
        json::key(json, key)
    }

    fn json_has_key(&self, json: Expr, key: &str) -> Expr {
        json::key(json, key).is_not_null()
    }

    fn json_key_is_set(&self, json: Expr, key: &str) -> Expr {
        Expr::cust_with_exprs("JSON_TYPE(?) <> 'NULL'", [json::key(json, key)])
    }

    fn json_contains(&self, json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr {
        json::contains(self.collation, json, storage, scalar)
    }

    fn json_contained_by(&self, json: Expr, storage: Storage, scalars: &[Scalar<'_>]) -> Expr {
        json::contained_by(self.collation, json, storage, scalars)
    }

    fn json_length(&self, json: Expr, _is_object: bool) -> Expr {
        Expr::cust_with_exprs("COALESCE(JSON_LENGTH(?), 0)", [json])
    }

    fn json_has_element(&self, json: Expr, storage: Storage, column: Expr) -> Option<Expr> {
        json::has_element(self.collation, json, storage, column)
    }

    fn json_key_of(&self, json: Expr, key: &str, storage: Storage) -> Expr {
        json::of(json::key(json, key), storage)
    }

    fn json_of(&self, json: Expr, storage: Storage) -> Expr {
        json::of(json, storage)
    }

    fn json_list(&self, json: Expr) -> Expr {
        Expr::cust_with_exprs(
            "(CASE WHEN JSON_TYPE(?) = 'ARRAY' THEN ? END)",
            [json.clone(), json],
        )
    }

    /// JSON_TABLE gives objects to no column, so its elements are taken by their place.
    fn json_element(&self, list: &Expr, alias: &str) -> Expr {
        let template = format!("JSON_EXTRACT(?, CONCAT('$[', `{alias}`.`place` - 1, ']'))");
        Expr::cust_with_exprs(template, [list.clone()])
    }

    fn json_some(&self, list: Expr, alias: &str, condition: Expr) -> Expr {
        let template = format!(
            "((SELECT COUNT(*) FROM JSON_TABLE(?, '$[*]' COLUMNS (`place` FOR ORDINALITY)) AS `{alias}` WHERE ?) > 0)"
        );
        Expr::cust_with_exprs(template, [list, condition])
    }

    fn distance(&self, latitude: Expr, longitude: Expr, from: Place) -> Option<Expr> {
        Some(super::distance::meters(&latitude, &longitude, from))
    }

    fn json_ordered(&self, storage: Storage, value: Expr) -> Option<Expr> {
        (storage != Storage::Bytes).then(|| json::comparable(self.collation, storage, &value))
    }

    fn json_comparable(&self, storage: Storage, value: Expr) -> Expr {
        json::comparable(self.collation, storage, &value)
    }

    fn json_operand(&self, storage: Storage, scalar: Scalar<'_>) -> Expr {
        json::operand(storage, scalar)
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
            (Storage::Uint64, Scalar::Uint(u64::MAX)),
            (Storage::Double, Scalar::Float(-0.5)),
            (Storage::Text, Scalar::Text("a\0b")),
            (Storage::Bytes, Scalar::Bytes(&[0, 255])),
            (Storage::Json, Scalar::Json("[1]")),
        ];
        for (storage, scalar) in cases {
            let stored = MARIADB.encode(storage, scalar);
            assert_eq!(MARIADB.decode(storage, &stored), Some(scalar));
        }
        let bytes = SqlValue::Blob(b"text".as_slice().into());
        assert_eq!(
            MARIADB.decode(Storage::Text, &bytes),
            Some(Scalar::Text("text"))
        );
    }
}
