//! Types of MySQL and MariaDB that we do not make.

use protoloop_repository::{Leaf, LeafKind, LeafShape};

use crate::{
    Storage,
    declared::{Check, Form, numbers},
};

const NO_FIELD: &str = "no field of this type can be stored in it";

/// How a field is stored in a column of a type, as `information_schema` writes it, with the collation behind it where that is
/// none of ours. `bytes` is the collation that compares text by byte.
pub(super) fn form(type_name: &str, leaf: &Leaf, bytes: &str) -> Result<Form, String> {
    let lower = type_name.to_ascii_lowercase();
    let word = lower.split(['(', ' ']).next().unwrap_or_default();
    let storage = Storage::of(leaf);
    let is_enum = matches!(leaf.kind, LeafKind::Enum(_)) && leaf.shape == LeafShape::Single;
    let is_text = storage == Storage::Text;
    let form = match word {
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" | "float"
        | "double" | "decimal" | "numeric" | "bit" => number(word, &lower, storage),
        "enum" if is_enum => Some(Form {
            by_label: true,
            no_zero: true,
            text: Some("CAST(? AS CHAR)".into()),
            ..Form::default()
        }),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "set"
            if is_text =>
        {
            Some(text(&lower, bytes))
        }
        "longtext" | "json"
            if storage == Storage::Json && !matches!(leaf.shape, LeafShape::List) =>
        {
            Some(Form::default())
        }
        "set" if leaf.shape == LeafShape::List && leaf.kind == LeafKind::String => Some(set()),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            (storage == Storage::Bytes).then(|| Form {
                rewords: word == "binary",
                ..Form::default()
            })
        }
        "datetime" | "timestamp" => (storage == Storage::Timestamp).then(|| time(&lower)),
        "date" => is_text.then(|| Form {
            check: Check::Date,
            ..as_text("CAST(? AS DATE)")
        }),
        "time" => is_text.then(|| Form {
            check: Check::Time,
            ..as_text("CAST(? AS TIME(6))")
        }),
        "uuid" => is_text.then(|| Form {
            check: Check::Uuid,
            ..as_text("CAST(? AS CHAR)")
        }),
        "inet4" | "inet6" => is_text.then(|| Form {
            check: Check::Address,
            ..as_text("CAST(? AS CHAR)")
        }),
        _ => None,
    };
    form.filter(|_| is_type(type_name))
        .ok_or_else(|| NO_FIELD.to_owned())
}

/// A type of numbers.
fn number(word: &str, type_name: &str, storage: Storage) -> Option<Form> {
    let whole = matches!(
        storage,
        Storage::Bool | Storage::Int | Storage::Uint32 | Storage::Uint64
    );
    let real = matches!(storage, Storage::Float | Storage::Double);
    let digits = numbers(type_name).get(1).copied();
    match word {
        "float" | "double" => real.then(Form::default),
        "decimal" | "numeric" if real => Some(Form {
            digits,
            rewords: true,
            ..Form::default()
        }),
        "decimal" | "numeric" if storage == Storage::Text => Some(Form {
            check: Check::Decimal,
            digits,
            ..as_text("CAST(? AS DECIMAL(65,30))")
        }),
        "bit" => whole.then(|| Form {
            read: Some("(? + 0)".into()),
            ..Form::default()
        }),
        _ => whole.then(Form::default),
    }
}

/// Text of a collation that takes different letters for the same.
fn text(type_name: &str, bytes: &str) -> Form {
    let Some((base, collation)) = type_name.split_once(" collate ") else {
        return Form::default();
    };
    if collation == bytes {
        return Form::default();
    }
    let exact = format!("CONVERT(? USING utf8mb4) COLLATE {bytes}");
    Form {
        equal: Some(exact.clone().into()),
        order: Some(exact.into()),
        // Spaces at the end of these are none of their value.
        rewords: base.starts_with("char(") || base.starts_with("enum") || base.starts_with("set"),
        ..Form::default()
    }
}

/// A list of texts, of which an empty one is absent.
fn set() -> Form {
    Form {
        read: Some(
            "CASE WHEN ? <> '' THEN CONCAT('[\"', REPLACE(REPLACE(REPLACE(CAST(? AS CHAR), '\\\\', '\\\\\\\\'), \
             '\"', '\\\\\"'), ',', '\",\"'), '\"]') END"
                .into(),
        ),
        bind: Some(
            "COALESCE((SELECT GROUP_CONCAT(j.v SEPARATOR ',') FROM JSON_TABLE(?, '$[*]' COLUMNS (v TEXT PATH '$')) AS j), '')"
                .into(),
        ),
        rewords: true,
        ..Form::default()
    }
}

/// A time in UTC, as we write times. What has no year is what these servers write for none.
fn time(type_name: &str) -> Form {
    Form {
        digits: Some(numbers(type_name).first().copied().unwrap_or(0)),
        read: Some("CASE WHEN YEAR(?) > 0 THEN DATE_FORMAT(?, '%Y-%m-%dT%H:%i:%s.%fZ') END".into()),
        bind: Some("CAST(REPLACE(REPLACE(?, 'T', ' '), 'Z', '') AS DATETIME(6))".into()),
        rewords: true,
        no_zero: true,
        ..Form::default()
    }
}

/// A type whose text is the value; the order is that of the type.
fn as_text(bind: &'static str) -> Form {
    Form {
        read: Some("CAST(? AS CHAR)".into()),
        text: Some("CAST(? AS CHAR)".into()),
        bind: Some(bind.into()),
        rewords: true,
        no_zero: true,
        ..Form::default()
    }
}

/// Whether a text is words, texts in quotes, numbers in brackets, and nothing that could end the type.
fn is_type(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ' | ',' | '(' | ')');
    let mut parts = text.split('\'');
    let outside = parts
        .by_ref()
        .step_by(2)
        .all(|part| part.chars().all(plain));
    outside && text.matches('\'').count().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::is_type;

    #[test]
    fn types_cannot_end_a_statement() {
        for good in [
            "decimal(4,2)",
            "enum('a','it''s','x; y')",
            "int(10) unsigned",
            "char(2) COLLATE latin1_bin",
        ] {
            assert!(is_type(good), "{good}");
        }
        for bad in [
            "text; DROP TABLE x",
            "enum('a",
            "x -- ",
            "x/**/",
            "`x`",
            "a\"b",
        ] {
            assert!(!is_type(bad), "{bad}");
        }
    }
}
