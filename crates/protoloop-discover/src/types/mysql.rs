//! Types of MySQL and MariaDB, as `information_schema` writes them, with the collation behind them where that is none of
//! ours.

use protoloop_sql::{LiveColumn, LiveTable};

use super::{Stored, StoredKind, decimal, digits};

pub(super) fn stored(table: &LiveTable, column: &LiveColumn) -> Option<Stored> {
    let declared = column.type_name.as_str();
    let lower = declared.to_ascii_lowercase();
    let unsigned = lower.contains("unsigned");
    let word = lower.split(['(', ' ']).next().unwrap_or_default();
    Some(match word {
        "tinyint" if lower.starts_with("tinyint(1)") && !unsigned => Stored::ours("bool"),
        "tinyint" | "smallint" | "mediumint" | "int" if unsigned => {
            Stored::theirs("uint32", declared)
        }
        "tinyint" | "smallint" | "mediumint" | "int" | "year" => Stored::theirs("int32", declared),
        // A key of ours that is counted up is a signed number.
        "bigint" if unsigned => Stored::theirs("uint64", declared),
        "bigint" => Stored::ours("int64"),
        "float" => Stored::theirs("float", declared),
        "double" if lower == "double" => Stored::ours("double"),
        "double" => Stored::theirs("double", declared),
        "decimal" => decimal(declared, digits(declared)),
        "longtext" if is_json(table, column) => Stored::ours("google.protobuf.Value"),
        "json" => Stored::theirs("google.protobuf.Value", declared),
        "longtext" if lower == "longtext" => Stored::ours("string"),
        "char" | "varchar" | "text" | "tinytext" | "mediumtext" | "longtext" => {
            Stored::theirs("string", declared)
        }
        "enum" => Stored {
            kind: StoredKind::Enum {
                type_name: None,
                labels: labels(declared)?,
            },
            no_zero: true,
            ..Stored::theirs("", declared)
        },
        "set" => Stored {
            repeated: true,
            ..Stored::theirs("string", declared)
        },
        "longblob" => Stored::ours("bytes"),
        "binary" | "varbinary" | "blob" | "tinyblob" | "mediumblob" => {
            Stored::theirs("bytes", declared)
        }
        "bit" if lower == "bit(1)" => Stored::theirs("bool", declared),
        "bit" => Stored::theirs("uint64", declared),
        "datetime" | "timestamp" => Stored::theirs("google.protobuf.Timestamp", declared),
        "date" | "time" | "uuid" | "inet4" | "inet6" => Stored::text(declared),
        _ => return None,
    })
}

/// MariaDB's JSON is text with a condition.
fn is_json(table: &LiveTable, column: &LiveColumn) -> bool {
    let name = column.name.replace('`', "``");
    let condition = format!("json_valid(`{name}`)");
    table.checks.values().any(|check| *check == condition)
}

/// The labels in `enum('G','it''s')`, where a backslash escapes too; `None` where they are written otherwise.
fn labels(declared: &str) -> Option<Vec<String>> {
    let (_, inside) = declared.split_once('(')?;
    let mut chars = inside.chars().peekable();
    let mut labels = Vec::new();
    loop {
        chars.next_if_eq(&'\'')?;
        let mut label = String::new();
        loop {
            match chars.next()? {
                '\'' if chars.next_if_eq(&'\'').is_some() => label.push('\''),
                '\'' => break,
                '\\' => label.push(match chars.next()? {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    other => other,
                }),
                char => label.push(char),
            }
        }
        labels.push(label);
        match chars.next()? {
            ',' => {}
            ')' => return Some(labels),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::labels;

    #[test]
    fn labels_are_read_out_of_their_quotes() {
        let found = labels(r"enum('G','it''s','a,b','','a\\b\'c')");
        let expected = ["G", "it's", "a,b", "", r"a\b'c"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(found, Some(expected));
        for wrong in ["enum", "enum(", "enum(G)", "enum('G'", "enum('G',)"] {
            assert_eq!(labels(wrong), None, "{wrong}");
        }
    }
}
