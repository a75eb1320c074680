//! Values inside `jsonb` columns, which hold ProtoJSON with proto names and enum numbers.

use std::borrow::Cow;

use memchr::memmem;
use sea_query::{Expr, ExprTrait};

use crate::{Scalar, SqlValue, Storage, number, time};

/// What stands for a negative zero. The numbers of `jsonb` have none, but they keep the zeros behind their point, and nobody
/// writes so many.
const NEGATIVE_ZERO: &str = "0.00000000000000000000";

/// The text that is stored for a JSON text.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut done = 0;
    let mut rest = Scanner::new(text.as_bytes());
    while let Some((from, to)) = rest.next_negative_zero() {
        out.push_str(&text[done..from]);
        out.push_str(NEGATIVE_ZERO);
        done = to;
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// The JSON text that a `jsonb` stands for, with its negative zeros.
pub(super) fn restored(text: &str) -> Cow<'_, str> {
    let is_number = |from: usize| {
        let around = [from.checked_sub(1), Some(from + NEGATIVE_ZERO.len())];
        let beside = |at: &Option<usize>| at.and_then(|at| text.as_bytes().get(at));
        let digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
        !around.iter().filter_map(beside).any(digit)
    };
    let mut out = String::new();
    let (mut done, mut at) = (0, 0);
    // Nearly no text has one.
    while let Some(found) = memmem::find(&text.as_bytes()[at..], NEGATIVE_ZERO.as_bytes()) {
        let from = at + found;
        at = from + NEGATIVE_ZERO.len();
        if is_number(from) && !in_string(text.as_bytes(), from) {
            out.push_str(&text[done..from]);
            out.push_str("-0.0");
            done = at;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}

/// Whether a place in a JSON text is inside a string.
fn in_string(text: &[u8], place: usize) -> bool {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'"', &text[at..place]) {
        at = end_of_string(text, at + found + 1);
        if at > place {
            return true;
        }
    }
    false
}

/// Finds numbers outside of strings.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next `-0`, `-0.0`, `-0e5`: from where to where.
    fn next_negative_zero(&mut self) -> Option<(usize, usize)> {
        // Most texts have no minus at all.
        memchr::memchr(b'-', &self.text[self.at..])?;
        while let Some(found) = memchr::memchr2(b'"', b'-', &self.text[self.at..]) {
            let from = self.at + found;
            if self.text[from] == b'"' {
                self.at = end_of_string(self.text, from + 1);
                continue;
            }
            let number = &self.text[from + 1..];
            let length = number
                .iter()
                .position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
                .unwrap_or(number.len());
            self.at = from + 1 + length;
            let digits = number[..length]
                .split(|byte| matches!(byte, b'e' | b'E'))
                .next();
            let zero =
                digits.is_some_and(|digits| digits.iter().all(|byte| matches!(byte, b'0' | b'.')));
            if zero {
                return Some((from, self.at));
            }
        }
        None
    }
}

/// The place behind the quote that closes a string.
fn end_of_string(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at..]) {
        let place = at + found;
        if text[place] == b'"' {
            return place + 1;
        }
        at = (place + 2).min(text.len());
    }
    text.len()
}

/// Whether a string in a JSON text holds U+0000, which is written as an escape.
pub(super) fn holds_nul(text: &str) -> bool {
    let bytes = text.as_bytes();
    memmem::find_iter(bytes, b"\\u0000").any(|at| {
        let before = bytes[..at].iter().rev().take_while(|byte| **byte == b'\\');
        before.count() % 2 == 0
    })
}

pub(super) fn part(json: Expr, fields: &[&str]) -> Expr {
    match fields {
        [] => json,
        fields => at(json, "($1 #> $2)", fields),
    }
}

pub(super) fn value(json: Expr, fields: &[&str]) -> Expr {
    at(json, "($1 #>> $2)", fields)
}

/// `fields` are proto names, so the path needs no quoting and can stand in the text.
fn at(json: Expr, template: &'static str, fields: &[&str]) -> Expr {
    let path = Expr::cust(format!("'{{{}}}'", fields.join(",")));
    Expr::cust_with_exprs(template, [json, path])
}

pub(super) fn contains(json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr {
    let element = comparable(storage, Expr::cust(r#""_each"."value""#));
    Expr::cust_with_exprs(
        r#"EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE jsonb_typeof($1) WHEN 'array' THEN $1 END) AS "_each"("value") WHERE $2 = $3)"#,
        [json, element, operand(storage, scalar)],
    )
}

pub(super) fn contained_by(json: Expr, storage: Storage, scalars: &[Scalar<'_>]) -> Expr {
    let element = comparable(storage, Expr::cust(r#""_each"."value""#));
    // NaN, which equals nothing, equals itself in PostgreSQL.
    let is_nan = |scalar: &&Scalar<'_>| matches!(scalar, Scalar::Float(value) if value.is_nan());
    let operands = scalars.iter().filter(|scalar| !is_nan(scalar));
    let among = element.is_in(operands.map(|scalar| operand(storage, *scalar)));
    Expr::cust_with_exprs(
        r#"NOT EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE jsonb_typeof($1) WHEN 'array' THEN $1 END) AS "_each"("value") WHERE NOT ($2))"#,
        [json, among],
    )
}

pub(super) fn length(json: Expr, is_object: bool) -> Expr {
    let template = match is_object {
        true => {
            "(SELECT COUNT(*) FROM jsonb_object_keys(CASE jsonb_typeof($1) WHEN 'object' THEN $1 END))"
        }
        false => "(CASE jsonb_typeof($1) WHEN 'array' THEN jsonb_array_length($1) ELSE 0 END)",
    };
    Expr::cust_with_exprs(template, [json])
}

/// A column stores a duration in another form than JSON does.
pub(super) fn has_element(json: Expr, storage: Storage, column: Expr) -> Option<Expr> {
    let value = Expr::cust(r#""_each"."value""#);
    let element = match storage {
        Storage::Duration => return None,
        Storage::Bytes => Expr::cust_with_exprs("decode($1, 'base64')", [value]),
        storage => comparable(storage, value),
    };
    Some(Expr::cust_with_exprs(
        r#"EXISTS (SELECT 1 FROM jsonb_array_elements_text(CASE jsonb_typeof($1) WHEN 'array' THEN $1 END) AS "_each"("value") WHERE $2 = $3)"#,
        [json, element, column],
    ))
}

pub(super) fn of(json: Expr, storage: Storage) -> Expr {
    let template = match storage {
        Storage::Text => "(CASE jsonb_typeof($1) WHEN 'string' THEN $1 #>> '{}' END)",
        Storage::Bool => "(CASE jsonb_typeof($1) WHEN 'boolean' THEN $1 #>> '{}' END)",
        Storage::Json => "(CASE jsonb_typeof($1) WHEN 'object' THEN $1 END)",
        _ => "(CASE jsonb_typeof($1) WHEN 'number' THEN $1 #>> '{}' END)",
    };
    Expr::cust_with_exprs(template, [json])
}

/// A value is text here. ProtoJSON writes 64-bit integers, times and numbers that are not finite as strings; this makes
/// them comparable. Bytes stay base64, of which only equality means anything.
pub(super) fn comparable(storage: Storage, value: Expr) -> Expr {
    let cast = |template: &'static str, value| Expr::cust_with_exprs(template, [value]);
    match storage {
        Storage::Bool => cast("($1)::boolean", value),
        Storage::Int | Storage::Uint32 => cast("($1)::bigint", value),
        Storage::Uint64 => cast("($1)::numeric", value),
        Storage::Float | Storage::Double => cast("($1)::double precision", value),
        // Lengths of a time with no, three and six digits behind the point; otherwise it has nine.
        Storage::Timestamp => cast(
            "(CASE length($1) WHEN 20 THEN left($1, 19) || '.000000000Z' \
             WHEN 24 THEN left($1, 23) || '000000Z' \
             WHEN 27 THEN left($1, 26) || '000Z' ELSE $1 END) COLLATE \"C\"",
            value,
        ),
        Storage::Duration => cast("rtrim($1, 's')::numeric", value),
        Storage::Text | Storage::Bytes | Storage::Json => cast("($1) COLLATE \"C\"", value),
    }
}

/// What the outcome of [`comparable`] is compared with.
pub(super) fn operand(storage: Storage, scalar: Scalar<'_>) -> Expr {
    let value = match scalar {
        Scalar::Bool(value) => SqlValue::Bool(value),
        Scalar::Int(value) => SqlValue::Int(value),
        Scalar::Uint(value) if storage == Storage::Uint64 => SqlValue::Uint(value),
        Scalar::Uint(value) => SqlValue::Int(i64::try_from(value).unwrap_or(i64::MAX)),
        Scalar::Float(value) if storage == Storage::Float => {
            SqlValue::Real(number::as_written(value))
        }
        Scalar::Float(value) => SqlValue::Real(value),
        Scalar::Text(text) | Scalar::Json(text) => SqlValue::Text(text.to_owned().into()),
        Scalar::Bytes(bytes) => SqlValue::Text(number::base64(bytes).into()),
        Scalar::Timestamp { seconds, nanos } => {
            SqlValue::Text(time::timestamp_text(seconds, nanos).into())
        }
        Scalar::Duration { seconds, nanos } => {
            let seconds = SqlValue::Text(time::decimal_seconds(seconds, nanos).into());
            let seconds = Expr::val(sea_query::Value::from(seconds));
            return Expr::cust_with_exprs("CAST($1 AS numeric)", [seconds]);
        }
    };
    Expr::val(sea_query::Value::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn negative_zeros_are_kept() {
        let cases = [
            ("[-0.0,0,-1,-0.5,\"-0\"]", "[#,0,-1,-0.5,\"-0\"]"),
            (r#"{"a\"-0":-0}"#, r#"{"a\"-0":#}"#),
            ("-0.0", "#"),
            ("-0e7", "#"),
            (r#"["\\",-0.0]"#, r#"["\\",#]"#),
        ];
        for (text, expected) in cases {
            let expected = expected.replace('#', NEGATIVE_ZERO);
            assert_eq!(stored(text), expected);
            let back = text.replace("-0}", "-0.0}").replace("-0e7", "-0.0");
            assert_eq!(restored(&expected), back);
        }
        assert!(matches!(stored("[1,-2]"), Cow::Borrowed(_)));
        for other in [
            r#"["0.00000000000000000000"]"#,
            r#"{"0.00000000000000000000":"\"0.00000000000000000000"}"#,
            "[0.000000000000000000001,10.00000000000000000000,-0.00000000000000000000]",
        ] {
            assert!(matches!(restored(other), Cow::Borrowed(_)), "{other}");
        }
    }

    #[test]
    fn a_nul_is_an_escape_that_is_not_escaped() {
        assert!(holds_nul(r#""a\u0000""#));
        assert!(holds_nul(r#""\\\u0000""#));
        assert!(!holds_nul(r#""\\u0000""#));
        assert!(!holds_nul(r#""\u0001""#));
    }
}
