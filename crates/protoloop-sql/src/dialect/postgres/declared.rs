//! Types of PostgreSQL that we do not make.
//!
//! Bound values have the types of our own columns. A cast to these goes in front of one to the declared type, because the
//! server would otherwise take a NULL for a value of the latter and then every other value too.

use protoloop_repository::{Leaf, LeafKind, LeafShape};

use crate::{
    Storage,
    declared::{Check, Form, Template, numbers},
};

/// How a field is stored in a column of a type, as `format_type` writes it.
pub(super) fn form(type_name: &str, leaf: &Leaf) -> Result<Form, String> {
    if !is_type(type_name) {
        return Err("is no name of a type".to_owned());
    }
    let (base, collation) = match type_name.split_once(" COLLATE ") {
        Some((base, collation)) => (base, Some(collation)),
        None => (type_name, None),
    };
    if let Some(element) = base.strip_suffix("[]") {
        return array(element, leaf);
    }
    let storage = Storage::of(leaf);
    let is_enum = matches!(leaf.kind, LeafKind::Enum(_)) && leaf.shape == LeafShape::Single;
    let word = base.split('(').next().unwrap_or(base).trim_end();
    let number = value(word, base, storage);
    if is_enum && number.is_none() {
        return Ok(Form {
            by_label: true,
            no_zero: true,
            text: Some("$1::text".into()),
            ..bound(cast(base))
        });
    }
    let form = match storage {
        Storage::Text => text(word, base, collation),
        _ => number,
    };
    form.ok_or_else(|| "no field of this type can be stored in it".to_owned())
}

/// A type of numbers, times, bytes or JSON.
fn value(word: &str, base: &str, storage: Storage) -> Option<Form> {
    Some(match (word, storage) {
        ("smallint" | "integer" | "bigint", Storage::Int | Storage::Uint32)
        | ("numeric", Storage::Int | Storage::Uint32) => bound("CAST($1 AS bigint)"),
        ("real" | "double precision", Storage::Float | Storage::Double) => {
            bound("CAST($1 AS double precision)")
        }
        ("numeric", Storage::Float | Storage::Double) => Form {
            digits: numbers(base).get(1).copied(),
            rewords: true,
            ..bound("CAST($1 AS double precision)::numeric")
        },
        ("numeric", Storage::Uint64) | ("boolean", Storage::Bool) | ("bytea", Storage::Bytes) => {
            Form::default()
        }
        (
            "timestamp with time zone" | "timestamp without time zone" | "timestamp",
            Storage::Timestamp,
        ) => Form {
            digits: Some(numbers(base).first().copied().unwrap_or(6)),
            rewords: true,
            no_zero: true,
            ..bound(cast(base))
        },
        ("json" | "jsonb", Storage::Json) => Form {
            read: (word == "json").then_some("$1::jsonb".into()),
            rewords: true,
            ..bound(format!("CAST($1 AS jsonb)::{word}"))
        },
        _ => return None,
    })
}

/// A type of text, or one whose text is the value.
fn text(word: &str, base: &str, collation: Option<&str>) -> Option<Form> {
    Some(match word {
        "text" | "character varying" => Form {
            order: (collation != Some("\"C\"")).then_some("$1 COLLATE \"C\"".into()),
            ..Form::default()
        },
        "character" | "bpchar" => Form {
            check: Check::Padded,
            // Spaces at its end are none of its value.
            read: Some("$1::text".into()),
            order: Some("$1::text COLLATE \"C\"".into()),
            rewords: true,
            ..bound(cast("bpchar"))
        },
        "citext" => Form {
            read: Some("$1::text".into()),
            equal: Some("$1::text".into()),
            order: Some("$1::text COLLATE \"C\"".into()),
            ..bound(cast("citext"))
        },
        "numeric" => Form {
            check: Check::Decimal,
            digits: numbers(base).get(1).copied(),
            ..as_text(base)
        },
        "uuid" => Form {
            check: Check::Uuid,
            ..as_text(base)
        },
        "date" => Form {
            check: Check::Date,
            ..as_text(base)
        },
        "inet" => Form {
            // The cast to text would say a mask that nobody wrote.
            read: Some("abbrev($1)".into()),
            text: Some("abbrev($1)".into()),
            ..as_text(base)
        },
        "bit" | "bit varying" => as_text("varbit"),
        "cidr" | "macaddr" | "macaddr8" | "name" | "\"char\"" => as_text(base),
        _ if word.starts_with("interval") || word.starts_with("time") => as_text(base),
        _ => return None,
    })
}

fn array(element: &str, leaf: &Leaf) -> Result<Form, String> {
    // A cast to a type with a length would cut what is too long; the column refuses it.
    let base = match element.split('(').next() {
        Some("character") => "bpchar",
        Some(word) if element.ends_with(')') => word,
        _ => element,
    };
    let fit = leaf.shape == LeafShape::List
        && match leaf.kind {
            LeafKind::Bool => element == "boolean",
            LeafKind::Int32 | LeafKind::Int64 | LeafKind::Uint32 => {
                matches!(element, "smallint" | "integer" | "bigint")
            }
            LeafKind::Float | LeafKind::Double => matches!(element, "real" | "double precision"),
            LeafKind::String => true,
            _ => false,
        };
    // Lists have neither NULLs nor further dimensions, and an empty one is absent.
    let value = match leaf.kind {
        LeafKind::String => "u::text",
        _ => "u",
    };
    let read = format!(
        "CASE WHEN cardinality($1) > 0 THEN to_jsonb(ARRAY(SELECT {value} FROM unnest($1) AS u WHERE u IS NOT NULL)) END"
    );
    fits(
        fit,
        Form {
            read: Some(read.into()),
            rewords: true,
            ..bound(format!(
                "ARRAY(SELECT jsonb_array_elements_text(CAST($1 AS jsonb)))::text[]::{base}[]"
            ))
        },
    )
}

/// A type whose text is the value; the order is that of the type.
fn as_text(type_name: &str) -> Form {
    Form {
        read: Some("$1::text".into()),
        text: Some("$1::text".into()),
        rewords: true,
        no_zero: true,
        ..bound(cast(type_name))
    }
}

fn bound(template: impl Into<Template>) -> Form {
    Form {
        bind: Some(template.into()),
        ..Form::default()
    }
}

fn cast(type_name: &str) -> String {
    format!("CAST($1 AS text)::{type_name}")
}

fn fits(fits: bool, form: Form) -> Result<Form, String> {
    match fits {
        true => Ok(form),
        false => Err("no field of this type can be stored in it".to_owned()),
    }
}

/// Whether a text is words, names in quotes, numbers in brackets, and nothing that could end the type.
fn is_type(text: &str) -> bool {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '.' | ',' | '(' | ')' | '[' | ']');
    let mut parts = text.split('"');
    let outside = parts
        .by_ref()
        .step_by(2)
        .all(|part| part.chars().all(plain));
    outside
        && !text.is_empty()
        && text.matches('"').count().is_multiple_of(2)
        && !text.contains(['$', '?'])
}

#[cfg(test)]
mod tests {
    use super::is_type;

    #[test]
    fn types_cannot_end_a_statement() {
        for good in [
            "numeric(4,2)",
            "time(3) without time zone",
            "\"Mood; x\"",
            "a.\"B\"[]",
            "größe",
            "text COLLATE \"C\"",
        ] {
            assert!(is_type(good), "{good}");
        }
        for bad in [
            "",
            "text; DROP TABLE x",
            "text' || '",
            "a\"b",
            "x -- ",
            "x/**/",
            "int\u{0}",
            "$1",
        ] {
            assert!(!is_type(bad), "{bad}");
        }
    }
}
