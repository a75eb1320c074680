//! From one kind of value to another, by what MODIFY does and by changes around it that may be run again at any time.
//!
//! Conditions hold for the values of both types, because nobody can tell whether the type was changed before they broke off.

use protoloop_schema::stored_kind::integers;

use super::super::{Conversion, InPlace};

/// The largest doubles below 2^63 and 2^64, which are no integers of these kinds themselves.
const MAX_SIGNED: &str = "9223372036854774784";
const MAX_UNSIGNED: &str = "18446744073709549568";

pub(super) fn conversion(from: &str, to: &str, column: &str, not_null: bool) -> Conversion {
    if from == to {
        return Conversion::Keep;
    }
    match (integers(from), integers(to)) {
        (Some(was), Some(is)) => between(column, was, is),
        (Some(_), None) => from_integer(column, from, to),
        (None, Some(is)) => to_integer(column, from, is, not_null),
        (None, None) => others(column, from, to),
    }
}

fn fits(condition: String) -> Conversion {
    Conversion::InPlace(InPlace {
        fits: Some(condition),
        ..InPlace::default()
    })
}

fn between(column: &str, was: (i128, i128), is: (i128, i128)) -> Conversion {
    if is.0 <= was.0 && was.1 <= is.1 {
        return Conversion::Keep;
    }
    fits(format!("{column} BETWEEN {} AND {}", is.0, is.1))
}

fn from_integer(column: &str, from: &str, to: &str) -> Conversion {
    match (from, to) {
        ("bool", "string") => Conversion::InPlace(InPlace {
            after: vec![
                ("'false'".to_owned(), format!("{column} = '0'")),
                ("'true'".to_owned(), format!("{column} = '1'")),
            ],
            ..InPlace::default()
        }),
        (_, "string") | ("bool" | "int32" | "uint32" | "enum", "double") => Conversion::Keep,
        ("uint64", "double") => fits(format!(
            "{column} <= {MAX_UNSIGNED} AND CAST(CAST({column} AS DOUBLE) AS UNSIGNED) = {column}"
        )),
        (_, "double") => fits(format!(
            "{column} <= {MAX_SIGNED} AND CAST(CAST({column} AS DOUBLE) AS SIGNED) = {column}"
        )),
        (_, "float") => fits(format!("{column} BETWEEN -16777216 AND 16777216")),
        _ => Conversion::Impossible,
    }
}

fn to_integer(column: &str, from: &str, is: (i128, i128), not_null: bool) -> Conversion {
    let range = |value: &str| format!("{value} BETWEEN {} AND {}", is.0, is.1);
    match from {
        // As a double the last number of 64 bits is the one behind it, which MODIFY would cut.
        "float" | "double" => fits(format!(
            "{column} = TRUNCATE({column}, 0) AND {column} >= {} AND {column} < {}",
            is.0,
            is.1 + 1
        )),
        "string" => {
            let text = format!("CAST({column} AS CHAR)");
            let number = format!(
                "CASE WHEN LENGTH({text}) <= 20 AND {text} REGEXP '^(0|-?[1-9][0-9]*)\\\\z' THEN {} ELSE FALSE END",
                range(&format!("CAST({text} AS DECIMAL(30, 0))"))
            );
            if !not_null {
                return fits(number);
            }
            // The empty string stood for absence, as zero will.
            Conversion::InPlace(InPlace {
                fits: Some(format!("LENGTH({text}) = 0 OR {number}")),
                before: vec![("'0'".to_owned(), format!("LENGTH({text}) = 0"))],
                after: Vec::new(),
            })
        }
        _ => Conversion::Impossible,
    }
}

fn others(column: &str, from: &str, to: &str) -> Conversion {
    match (from, to) {
        ("float", "double") | ("timestamp", "string") | ("string", "bytes") => Conversion::Keep,
        // The server takes no bytes that are no text.
        ("bytes", "string") => Conversion::InPlace(InPlace::default()),
        ("double", "float") => fits(format!("CAST({column} AS FLOAT) = {column}")),
        _ => Conversion::Impossible,
    }
}
