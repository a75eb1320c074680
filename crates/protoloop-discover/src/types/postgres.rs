//! Types of PostgreSQL, as `format_type` writes them.

use protoloop_sql::Live;

use super::{Stored, StoredKind, decimal, digits};

pub(super) fn stored(declared: &str, live: &Live) -> Option<Stored> {
    if let Some(element) = declared.strip_suffix("[]") {
        return list(element, declared, live);
    }
    if let Some(labels) = live.enums.get(declared) {
        return Some(Stored {
            kind: StoredKind::Enum {
                type_name: Some(declared.to_owned()),
                labels: labels.clone(),
            },
            repeated: false,
            column_type: Some(declared.to_owned()),
            no_zero: true,
        });
    }
    let plain = declared.split(" COLLATE ").next().unwrap_or(declared);
    Some(match word(plain) {
        "boolean" => Stored::ours("bool"),
        "smallint" | "integer" => Stored::theirs("int32", declared),
        "bigint" => Stored::ours("int64"),
        "real" => Stored::theirs("float", declared),
        "double precision" => Stored::ours("double"),
        "numeric" if plain == "numeric(20,0)" => Stored::ours("uint64"),
        "numeric" => decimal(declared, digits(declared)),
        "text" if declared == "text COLLATE \"C\"" => Stored::ours("string"),
        "text" | "character varying" | "character" | "bpchar" | "citext" => {
            Stored::theirs("string", declared)
        }
        "bytea" => Stored::ours("bytes"),
        "jsonb" => Stored::ours("google.protobuf.Value"),
        "json" => Stored::theirs("google.protobuf.Value", declared),
        "timestamp with time zone" | "timestamp without time zone" => {
            Stored::theirs("google.protobuf.Timestamp", declared)
        }
        "uuid"
        | "date"
        | "time without time zone"
        | "time with time zone"
        | "interval"
        | "inet"
        | "cidr"
        | "macaddr"
        | "macaddr8"
        | "bit"
        | "bit varying"
        | "name"
        | "\"char\"" => Stored::text(declared),
        _ => return None,
    })
}

fn list(element: &str, declared: &str, live: &Live) -> Option<Stored> {
    let name = match word(element) {
        "boolean" => "bool",
        "smallint" | "integer" => "int32",
        "bigint" => "int64",
        "real" => "float",
        "double precision" => "double",
        "text"
        | "character varying"
        | "character"
        | "uuid"
        | "date"
        | "numeric"
        | "citext"
        | "time without time zone"
        | "interval"
        | "inet"
        | "cidr"
        | "macaddr" => "string",
        _ if live.enums.contains_key(element) => "string",
        _ => return None,
    };
    Some(Stored {
        repeated: true,
        ..Stored::theirs(name, declared)
    })
}

/// A type without what stands in brackets: `timestamp without time zone` of `timestamp(3) without time zone`.
fn word(declared: &str) -> &str {
    const TIMES: [&str; 4] = [
        "timestamp with time zone",
        "timestamp without time zone",
        "time with time zone",
        "time without time zone",
    ];
    let Some((word, rest)) = declared.split_once('(') else {
        // `interval day to second` too.
        return match declared.starts_with("interval ") {
            true => "interval",
            false => declared,
        };
    };
    let behind = rest.split_once(')').map_or("", |(_, behind)| behind);
    let mut times = TIMES.into_iter();
    times
        .find(|time| time.strip_prefix(word) == Some(behind))
        .unwrap_or_else(|| {
            word.split(' ')
                .next()
                .filter(|first| *first == "interval")
                .unwrap_or(word)
        })
}
