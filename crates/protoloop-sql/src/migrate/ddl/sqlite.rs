//! SQLite: what ALTER TABLE cannot do, a rebuild does, in the same transaction.

use protoloop_schema::stored_kind::integers;

use super::{ColumnTarget, Conversion, Ddl};
use crate::LiveColumn;

/// SQLite's way to change a schema.
pub static SQLITE_DDL: SqliteDdl = SqliteDdl;

/// See [`SQLITE_DDL`].
#[derive(Clone, Copy, Debug)]
pub struct SqliteDdl;

impl Ddl for SqliteDdl {
    fn own_tables(&self) -> [&'static str; 2] {
        [
            "CREATE TABLE IF NOT EXISTS \"protoloop_schema\" (\
             \"model\" TEXT NOT NULL, \"part\" TEXT NOT NULL, \"number\" INTEGER NOT NULL, \
             \"name\" TEXT NOT NULL, \"kind\" TEXT NOT NULL, \
             PRIMARY KEY (\"model\", \"part\", \"number\")) STRICT",
            "CREATE TABLE IF NOT EXISTS \"protoloop_migrations\" (\
             \"id\" TEXT NOT NULL PRIMARY KEY, \"checksum\" TEXT NOT NULL, \"state\" TEXT NOT NULL, \
             \"done\" INTEGER NOT NULL, \"steps\" INTEGER NOT NULL, \
             \"started\" TEXT NOT NULL, \"finished\" TEXT NOT NULL) STRICT",
        ]
    }

    fn is_transactional(&self) -> bool {
        true
    }

    fn rebuilds_tables(&self) -> bool {
        true
    }

    fn same_type(&self, live: &str, wanted: &str) -> bool {
        let live = live.to_ascii_uppercase();
        live == wanted || affinity_fits(&live, wanted)
    }

    fn kind_of(&self, type_name: &str) -> Option<&'static str> {
        Some(match Affinity::of(&type_name.to_ascii_uppercase()) {
            Affinity::Integer => "int64",
            Affinity::Text => "string",
            Affinity::Real => "double",
            Affinity::Blob if type_name.eq_ignore_ascii_case("BLOB") => "bytes",
            Affinity::Blob | Affinity::Numeric => return None,
        })
    }

    fn convert(&self, from: &str, to: &str, column: &str, not_null: bool) -> Conversion {
        if from == to {
            return Conversion::Keep;
        }
        match (integers(from), integers(to)) {
            (Some(was), Some(is)) => integer_to_integer(column, from, was, is),
            (Some(_), None) => from_integer(column, from, to),
            (None, Some(is)) => to_integer(column, from, is, not_null),
            (None, None) => match (from, to) {
                ("float", "double") | ("timestamp", "string") => Conversion::Keep,
                ("string", "bytes") => Conversion::Using(format!("CAST({column} AS BLOB)")),
                _ => Conversion::Impossible,
            },
        }
    }

    fn sample_type(&self, view: &str, column: &str) -> Option<String> {
        let (view, column) = (self.quote(view), self.quote(column));
        Some(format!(
            "SELECT typeof({column}) FROM {view} WHERE {column} IS NOT NULL LIMIT 1"
        ))
    }

    fn change_column(&self, _: &str, _: &LiveColumn, _: &ColumnTarget) -> Vec<String> {
        // Never asked: see `rebuilds_tables`.
        Vec::new()
    }

    fn create_index(&self, plain: String) -> (String, bool) {
        (plain, false)
    }

    fn drop_index(&self, _: &str, index: &str, _: bool) -> String {
        format!("DROP INDEX {}", self.quote(index))
    }

    fn drop_foreign_key(&self, _: &str, _: &str) -> String {
        // Never asked: see `rebuilds_tables`.
        String::new()
    }
}

/// The rules by which SQLite understands a declared type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

impl Affinity {
    fn of(upper: &str) -> Self {
        let has = |part: &str| upper.contains(part);
        if has("INT") {
            Self::Integer
        } else if has("CHAR") || has("CLOB") || has("TEXT") {
            Self::Text
        } else if has("BLOB") || upper.is_empty() || upper == "ANY" {
            Self::Blob
        } else if has("REAL") || has("FLOA") || has("DOUB") {
            Self::Real
        } else {
            Self::Numeric
        }
    }
}

/// Whether a column of a table that is not ours stores what ours would.
fn affinity_fits(live: &str, wanted: &str) -> bool {
    let affinity = Affinity::of(live);
    let text = || holds_text(live);
    match wanted {
        "INTEGER" => affinity == Affinity::Integer || live.starts_with("BOOL"),
        "TEXT" => affinity == Affinity::Text || affinity == Affinity::Numeric && text(),
        "BLOB" => live == "BLOB",
        "ANY" => match affinity {
            Affinity::Real => true,
            Affinity::Numeric => !text() && !live.starts_with("BOOL"),
            Affinity::Integer | Affinity::Text | Affinity::Blob => false,
        },
        _ => false,
    }
}

/// Names of types that SQLite takes for numbers, and that say by themselves that they are texts.
const TEXTS: [&str; 8] = [
    "DATE", "TIME", "JSON", "UUID", "GUID", "STRING", "ENUM", "XML",
];

/// Whether a declared type that SQLite takes for a number is one of texts by its name. Texts stay what they are in such a column,
/// unless they look like a number.
#[must_use]
pub fn holds_text(declared: &str) -> bool {
    let upper = declared.to_ascii_uppercase();
    TEXTS.iter().any(|name| upper.contains(name))
}

/// Ends the statement with an error. It reads the column, so that it is not computed where no row needs it.
fn fail(column: &str) -> String {
    format!("abs(CASE WHEN {column} IS NULL THEN 0 ELSE -9223372036854775808 END)")
}

/// `value` where `fits`, NULL for NULL, and otherwise the end.
fn checked(column: &str, fits: &str, value: &str) -> Conversion {
    let fail = fail(column);
    Conversion::Using(format!(
        "CASE WHEN {column} IS NULL THEN NULL WHEN {fits} THEN {value} ELSE {fail} END"
    ))
}

/// The bounds, as far as SQLite's integers go.
fn bounds((low, high): (i128, i128)) -> (i64, i64) {
    let clamp = |bound: i128| bound.clamp(i64::MIN.into(), i64::MAX.into());
    // In range by the line above.
    (
        i64::try_from(clamp(low)).unwrap_or(i64::MIN),
        i64::try_from(clamp(high)).unwrap_or(i64::MAX),
    )
}

fn integer_to_integer(column: &str, from: &str, was: (i128, i128), is: (i128, i128)) -> Conversion {
    if is.0 <= was.0 && was.1 <= is.1 {
        return Conversion::Keep;
    }
    let (low, high) = bounds(is);
    let range = format!("{column} BETWEEN {low} AND {high}");
    if from == "uint64" {
        // Numbers from 2^63 are blobs.
        return checked(
            column,
            &format!("typeof({column}) = 'integer' AND {range}"),
            column,
        );
    }
    checked(column, &range, column)
}

fn from_integer(column: &str, from: &str, to: &str) -> Conversion {
    let real = format!("CAST({column} AS REAL)");
    let text = format!("CAST({column} AS TEXT)");
    let number = format!("typeof({column}) = 'integer'");
    match (from, to) {
        ("bool" | "int32" | "uint32" | "enum", "double") => Conversion::Using(real),
        (_, "double") => {
            let exact = format!("{number} AND CAST({real} AS INTEGER) = {column}");
            checked(column, &exact, &real)
        }
        ("int32" | "int64" | "uint32" | "uint64", "float") => {
            let exact = format!("{number} AND {column} BETWEEN -16777216 AND 16777216");
            checked(column, &exact, &real)
        }
        ("bool", "string") => Conversion::Using(format!(
            "CASE {column} WHEN 0 THEN 'false' WHEN 1 THEN 'true' END"
        )),
        ("int32" | "int64" | "uint32", "string") => Conversion::Using(text),
        ("uint64", "string") => checked(column, &number, &text),
        _ => Conversion::Impossible,
    }
}

fn to_integer(column: &str, from: &str, is: (i128, i128), not_null: bool) -> Conversion {
    let (low, high) = bounds(is);
    let whole = format!("CAST({column} AS INTEGER)");
    let range = format!("{whole} BETWEEN {low} AND {high}");
    match from {
        "float" | "double" => checked(
            column,
            &format!("typeof({column}) IN ('real', 'integer') AND {column} = {whole} AND {range}"),
            &whole,
        ),
        "string" => {
            let number = format!("CAST({whole} AS TEXT) = {column} AND {range}");
            if not_null {
                // The empty string stood for absence, as zero will.
                let fits = format!("{column} = '' OR {number}");
                return checked(column, &fits, &whole);
            }
            checked(column, &number, &whole)
        }
        _ => Conversion::Impossible,
    }
}
