//! From declared types to types of fields.

use protoloop_sql::{Live, LiveColumn};

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

/// The type of a field that stores what a column holds, or why there is none.
pub(crate) fn proto_type(
    dialect: &str,
    column: &LiveColumn,
    live: &Live,
) -> Result<&'static str, String> {
    let declared = column.type_name.as_str();
    let found = match dialect {
        "sqlite" => sqlite(declared),
        "postgres" => postgres(declared),
        "mysql" => mysql(declared),
        _ => None,
    };
    found.ok_or_else(|| {
        if let Some(labels) = live.enums.get(declared) {
            return format!(
                "values of the enum {declared} ({}) cannot be read yet",
                labels.join(", ")
            );
        }
        if declared.is_empty() {
            return "it has no declared type".to_owned();
        }
        format!("no field stores what a {declared} does")
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
    } else if has("DATE") || has("TIME") {
        "string"
    } else {
        "double"
    })
}

/// Those that the connector reads and writes without a cast.
fn postgres(declared: &str) -> Option<&'static str> {
    let plain = declared.split(" COLLATE ").next().unwrap_or(declared);
    Some(match plain {
        "boolean" => "bool",
        "smallint" | "integer" => "int32",
        "bigint" => "int64",
        "numeric(20,0)" => "uint64",
        "double precision" | "real" => "double",
        "text" => "string",
        "bytea" => "bytes",
        "jsonb" => "google.protobuf.Value",
        _ if plain.starts_with("character varying") => "string",
        _ => return None,
    })
}

fn mysql(declared: &str) -> Option<&'static str> {
    let lower = declared.to_ascii_lowercase();
    let unsigned = lower.contains("unsigned");
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    Some(match base {
        "tinyint" if lower.starts_with("tinyint(1)") && !unsigned => "bool",
        "tinyint" | "smallint" | "mediumint" | "int" | "year" if unsigned => "uint32",
        "tinyint" | "smallint" | "mediumint" | "int" | "year" => "int32",
        "bigint" if unsigned => "uint64",
        "bigint" => "int64",
        "double" | "float" => "double",
        "char" | "varchar" | "text" | "tinytext" | "mediumtext" | "longtext" | "enum" | "set" => {
            "string"
        }
        "binary" | "varbinary" | "blob" | "tinyblob" | "mediumblob" | "longblob" => "bytes",
        _ => return None,
    })
}
