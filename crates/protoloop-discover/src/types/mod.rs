//! From declared types to types of fields.

mod mysql;
mod postgres;

use protoloop_sql::{Live, LiveColumn, LiveTable, migrate::sqlite_holds_text};

/// Columns of views that no type is known of, as `(view, column)`: a driver may look at a value.
#[must_use]
pub fn unknown_types(live: &Live) -> Vec<(String, String)> {
    let views = live.tables.iter().filter(|(_, table)| table.view);
    views
        .flat_map(|(name, table)| {
            let unknown = table.columns.iter().filter(|c| c.type_name.is_empty());
            unknown.map(|column| (name.clone(), column.name.clone()))
        })
        .collect()
}

/// How a field stores what a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) kind: StoredKind,
    pub(crate) repeated: bool,
    /// The declared type, where it is not the one that we would make.
    pub(crate) column_type: Option<String>,
    /// Whether the column holds nothing for the zero of the field, so that the field needs presence.
    pub(crate) no_zero: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoredKind {
    /// A type of protobuf by its name.
    Plain(&'static str),
    /// An enum with these labels. Without a name of its own it belongs to its column.
    Enum {
        type_name: Option<String>,
        labels: Vec<String>,
    },
}

impl Stored {
    /// A column of a type that we would make.
    fn ours(name: &'static str) -> Self {
        Self {
            kind: StoredKind::Plain(name),
            repeated: false,
            column_type: None,
            no_zero: false,
        }
    }

    /// A column of a type that others chose.
    fn theirs(name: &'static str, declared: &str) -> Self {
        Self {
            column_type: Some(declared.to_owned()),
            ..Self::ours(name)
        }
    }

    /// The same, of a type whose text is the value and that has no empty one.
    fn text(declared: &str) -> Self {
        Self {
            no_zero: true,
            ..Self::theirs("string", declared)
        }
    }

    /// The type of the field, where it is not an enum.
    pub(crate) fn plain(&self) -> Option<&'static str> {
        match self.kind {
            StoredKind::Plain(name) if !self.repeated => Some(name),
            _ => None,
        }
    }
}

/// The field that stores what a column holds, or why there is none.
pub(crate) fn stored(
    dialect: &str,
    table: &LiveTable,
    column: &LiveColumn,
    live: &Live,
) -> Result<Stored, String> {
    let declared = column.type_name.as_str();
    let found = match dialect {
        "sqlite" => sqlite(declared).map(Stored::ours),
        "postgres" => postgres::stored(declared, live),
        "mysql" => mysql::stored(table, column),
        _ => None,
    };
    found.ok_or_else(|| match declared {
        "" => "it has no declared type".to_owned(),
        _ => format!("no field stores what a {declared} does"),
    })
}

fn sqlite(declared: &str) -> Option<&'static str> {
    let upper = declared.to_ascii_uppercase();
    let has = |part: &str| upper.contains(part);
    Some(if has("INT") {
        "int64"
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        "string"
    } else if upper == "BLOB" {
        "bytes"
    } else if upper.is_empty() || has("BLOB") {
        return None;
    } else if has("REAL") || has("FLOA") || has("DOUB") || upper == "ANY" {
        "double"
    } else if has("BOOL") {
        "bool"
    } else if upper == "JSON" {
        "google.protobuf.Value"
    } else if has("JSON") {
        return None;
    } else if sqlite_holds_text(&upper) {
        "string"
    } else {
        "double"
    })
}

/// Most digits of a decimal number that a double keeps apart from all others.
const DOUBLE_DIGITS: u32 = 15;
/// Most digits of a whole number that 64 bits hold in any case.
const INT_DIGITS: u32 = 18;

/// What stores a decimal number of a declared number of digits, some of them behind the point.
fn decimal(declared: &str, digits: Option<(u32, i32)>) -> Stored {
    match digits {
        Some((digits, 0)) if digits <= INT_DIGITS => Stored::theirs("int64", declared),
        Some((digits, scale)) if digits <= DOUBLE_DIGITS && scale >= 0 => {
            Stored::theirs("double", declared)
        }
        _ => Stored::text(declared),
    }
}

/// The numbers in the brackets of a type: `(4, 2)` of `numeric(4,2)`.
fn digits(declared: &str) -> Option<(u32, i32)> {
    let (_, rest) = declared.split_once('(')?;
    let (inside, _) = rest.split_once(')')?;
    let (digits, scale) = inside.split_once(',').unwrap_or((inside, "0"));
    Some((digits.trim().parse().ok()?, scale.trim().parse().ok()?))
}
