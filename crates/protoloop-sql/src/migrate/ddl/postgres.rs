//! PostgreSQL: statements that change a schema are undone with their transaction, but for indexes that are made while
//! others write.

use protoloop_schema::stored_kind::integers;

use super::{ColumnTarget, Conversion, Ddl};
use crate::{Filled, LiveColumn};

/// PostgreSQL's way to change a schema.
pub static POSTGRES_DDL: PostgresDdl = PostgresDdl;

/// See [`POSTGRES_DDL`].
#[derive(Clone, Copy, Debug)]
pub struct PostgresDdl;

impl Ddl for PostgresDdl {
    fn own_tables(&self) -> [&'static str; 2] {
        [
            "CREATE TABLE IF NOT EXISTS \"protoloop_schema\" (\
             \"model\" text NOT NULL, \"part\" text NOT NULL, \"number\" bigint NOT NULL, \
             \"name\" text NOT NULL, \"kind\" text NOT NULL, \
             PRIMARY KEY (\"model\", \"part\", \"number\"))",
            "CREATE TABLE IF NOT EXISTS \"protoloop_migrations\" (\
             \"id\" text NOT NULL PRIMARY KEY, \"checksum\" text NOT NULL, \"state\" text NOT NULL, \
             \"done\" bigint NOT NULL, \"steps\" bigint NOT NULL, \
             \"started\" text NOT NULL, \"finished\" text NOT NULL)",
        ]
    }

    fn is_transactional(&self) -> bool {
        true
    }

    fn rebuilds_tables(&self) -> bool {
        false
    }

    fn same_type(&self, live: &str, wanted: &str) -> bool {
        let live = base(live);
        let wanted = base(wanted);
        live == wanted
            || match wanted {
                "bigint" => matches!(live, "integer" | "smallint"),
                "double precision" => live == "real",
                "text" => live.starts_with("character varying"),
                _ => false,
            }
    }

    fn kind_of(&self, type_name: &str) -> Option<&'static str> {
        Some(match base(type_name) {
            "boolean" => "bool",
            "smallint" | "integer" => "int32",
            "bigint" => "int64",
            "numeric(20,0)" => "uint64",
            "real" => "float",
            "double precision" => "double",
            "bytea" => "bytes",
            text if text == "text" || text.starts_with("character") => "string",
            _ => return None,
        })
    }

    fn convert(&self, from: &str, to: &str, column: &str, not_null: bool) -> Conversion {
        let using = |expression: String| Conversion::Using(expression);
        match (from, to) {
            (from, to) if from == to => Conversion::Keep,
            ("bool", "string") => using(format!("{column}::text")),
            ("bool", "double") => using(format!("{column}::int::double precision")),
            ("bool", "uint64") => using(format!("{column}::int::numeric(20,0)")),
            ("bool", to) if integers(to).is_some() => using(format!("{column}::int::bigint")),
            (from, "bool") if integers(from).is_some() => checked(
                column,
                &format!("{column} IN (0, 1)"),
                &format!("{column} = 1"),
                "boolean",
            ),
            (from, to) => match (integers(from), integers(to)) {
                (Some(was), Some(is)) => between(column, from, to, was, is),
                (Some(_), None) => from_integer(column, to),
                (None, Some(is)) => to_integer(column, from, to, is, not_null),
                (None, None) => others(column, from, to),
            },
        }
    }

    fn change_column(&self, table: &str, from: &LiveColumn, to: &ColumnTarget) -> Vec<String> {
        let (table, column) = (self.quote(table), self.quote(&from.name));
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {column}");
        let stricter = from.nullable && !to.nullable;
        let type_differs = !self.same_type(&from.type_name, &to.type_name);
        let type_name = to.type_name.split(" GENERATED ").next().unwrap_or_default();
        let mut statements = Vec::new();
        if type_differs && from.filled == Filled::Counted {
            statements.push(format!("{alter} DROP IDENTITY IF EXISTS"));
        }
        if from.default.is_some() {
            statements.push(format!("{alter} DROP DEFAULT"));
        }
        if !from.nullable && to.nullable {
            statements.push(format!("{alter} DROP NOT NULL"));
        }
        match (&to.using, &to.default) {
            (Some(using), Some(default)) if stricter => statements.push(format!(
                "{alter} TYPE {type_name} USING coalesce({using}, {default})"
            )),
            (Some(using), _) => {
                statements.push(format!("{alter} TYPE {type_name} USING {using}"));
            }
            (None, default) => {
                if let Some(default) = default.as_ref().filter(|_| stricter) {
                    statements.push(format!(
                        "UPDATE {table} SET {column} = {default} WHERE {column} IS NULL"
                    ));
                }
                if type_differs {
                    statements.push(format!("{alter} TYPE {type_name}"));
                }
            }
        }
        if stricter {
            statements.push(format!("{alter} SET NOT NULL"));
        }
        if let Some(default) = &to.default {
            statements.push(format!("{alter} SET DEFAULT {default}"));
        }
        if to.counted && from.filled != Filled::Counted {
            let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
            let (of, name) = (literal(&table), literal(&from.name));
            statements.push(format!("{alter} ADD GENERATED BY DEFAULT AS IDENTITY"));
            statements.push(format!(
                "SELECT setval(pg_get_serial_sequence({of}, {name}), greatest(max({column}), 1), count(*) > 0) \
                 FROM {table}"
            ));
        }
        statements
    }

    fn create_index(&self, plain: String) -> (String, bool) {
        // Others go on writing; so it cannot be part of a transaction.
        (plain.replacen("INDEX ", "INDEX CONCURRENTLY ", 1), true)
    }

    fn drop_index(&self, _: &str, index: &str, _: bool) -> String {
        format!("DROP INDEX {}", self.quote(index))
    }

    fn add_foreign_key(&self, plain: String, table: &str, name: &str) -> (String, Option<String>) {
        // The rows are looked at behind it, while others go on writing.
        let later = self.validate_foreign_key(table, name);
        (format!("{plain} NOT VALID"), later)
    }

    fn validate_foreign_key(&self, table: &str, name: &str) -> Option<String> {
        Some(format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            self.quote(table),
            self.quote(name)
        ))
    }

    fn drop_foreign_key(&self, table: &str, name: &str) -> String {
        format!(
            "ALTER TABLE {} DROP CONSTRAINT {}",
            self.quote(table),
            self.quote(name)
        )
    }
}

/// A type without its collation and without how it is counted up.
fn base(type_name: &str) -> &str {
    let type_name = type_name.split(" COLLATE ").next().unwrap_or(type_name);
    type_name.split(" GENERATED ").next().unwrap_or(type_name)
}

/// `value` where it `fits`, NULL for NULL, and otherwise the end of the statement.
fn checked(column: &str, fits: &str, value: &str, type_name: &str) -> Conversion {
    Conversion::Using(format!(
        "CASE WHEN {column} IS NULL THEN NULL WHEN {fits} THEN {value} \
         ELSE ('does not fit: ' || {column}::text)::int::text::{type_name} END"
    ))
}

fn type_of(kind: &str) -> &'static str {
    match kind {
        "uint64" => "numeric(20,0)",
        _ => "bigint",
    }
}

fn between(column: &str, from: &str, to: &str, was: (i128, i128), is: (i128, i128)) -> Conversion {
    let value = format!("{column}::{}", type_of(to));
    if is.0 <= was.0 && was.1 <= is.1 {
        return match type_of(from) == type_of(to) {
            true => Conversion::Keep,
            false => Conversion::Using(value),
        };
    }
    let range = format!("{column} BETWEEN {} AND {}", is.0, is.1);
    checked(column, &range, &value, type_of(to))
}

fn from_integer(column: &str, to: &str) -> Conversion {
    let real = format!("{column}::double precision");
    match to {
        "double" => checked(column, &is_a_double(column), &real, "double precision"),
        "float" => checked(
            column,
            &format!("{column} BETWEEN -16777216 AND 16777216"),
            &real,
            "double precision",
        ),
        "string" => Conversion::Using(format!("{column}::text")),
        _ => Conversion::Impossible,
    }
}

/// Whether an integer of 64 bits is a double exactly. Above 2^63 those are the multiples of 2^11; below, the one under 2^63 is
/// the last, and casts from doubles to `bigint` are exact where those to `numeric` are not.
fn is_a_double(column: &str) -> String {
    format!(
        "(CASE WHEN {column} <= 9223372036854774784 \
         THEN {column}::bigint::double precision::bigint = {column}::bigint \
         ELSE {column} >= 9223372036854775808 AND mod({column}::numeric, 2048) = 0 END)"
    )
}

/// A double that is known to be an integer in range, exactly.
fn whole(column: &str, to: &str) -> String {
    match to {
        "uint64" => format!(
            "(CASE WHEN {column} < 9223372036854775808 THEN {column}::bigint::numeric(20,0) \
             ELSE ({column} / 2048)::bigint::numeric(20,0) * 2048 END)::numeric(20,0)"
        ),
        _ => format!("{column}::{}", type_of(to)),
    }
}

fn to_integer(column: &str, from: &str, to: &str, is: (i128, i128), not_null: bool) -> Conversion {
    let range = |value: &str| format!("{value} BETWEEN {} AND {}", is.0, is.1);
    let numeric = format!("{column}::numeric");
    match from {
        "float" | "double" => {
            let fits = format!("trunc({column}) = {column} AND {}", range(column));
            checked(column, &fits, &whole(column, to), type_of(to))
        }
        "string" => {
            // The empty string stood for absence, as zero will.
            let (empty, value) = match not_null {
                true => (
                    format!("{column} = '' OR "),
                    format!(
                        "(CASE {column} WHEN '' THEN '0' ELSE {column} END)::{}",
                        type_of(to)
                    ),
                ),
                false => (String::new(), format!("{column}::{}", type_of(to))),
            };
            let number = format!(
                "{empty}(CASE WHEN {column} ~ '^(0|-?[1-9][0-9]*)$' THEN {} ELSE false END)",
                range(&numeric)
            );
            checked(column, &number, &value, type_of(to))
        }
        _ => Conversion::Impossible,
    }
}

fn others(column: &str, from: &str, to: &str) -> Conversion {
    match (from, to) {
        ("float", "double") | ("timestamp", "string") => Conversion::Keep,
        ("double", "float") => checked(
            column,
            &format!("{column}::real::double precision = {column}"),
            column,
            "double precision",
        ),
        ("string", "bytes") => Conversion::Using(format!("convert_to({column}, 'UTF8')")),
        ("bytes", "string") => Conversion::Using(format!("convert_from({column}, 'UTF8')")),
        _ => Conversion::Impossible,
    }
}
