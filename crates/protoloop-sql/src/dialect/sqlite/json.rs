//! Values inside JSON columns, which hold ProtoJSON with proto names and enum numbers.

use sea_query::{Expr, ExprTrait, Func};

use crate::{Scalar, SqlValue, Storage, number, time};

pub(super) fn part(json: Expr, fields: &[&str]) -> Expr {
    at(json, "(? -> ?)", fields)
}

pub(super) fn value(json: Expr, fields: &[&str]) -> Expr {
    at(json, "(? ->> ?)", fields)
}

/// `fields` are proto names, so the path needs no quoting and can stand in the text. The parentheses matter: `->` and `||`
/// bind equally tight.
fn at(json: Expr, template: &'static str, fields: &[&str]) -> Expr {
    if fields.is_empty() {
        return json;
    }
    let path = format!("$.{}", fields.join("."));
    Expr::cust_with_exprs(template, [json, Expr::Constant(path.into())])
}

pub(super) fn key(json: Expr, key: &str) -> Expr {
    Expr::cust_with_exprs(
        r#"(SELECT "_each"."value" FROM json_each(?) AS "_each" WHERE "_each"."key" = ?)"#,
        [json, Expr::val(key)],
    )
}

pub(super) fn has_key(json: Expr, key: &str) -> Expr {
    Expr::cust_with_exprs(
        r#"EXISTS (SELECT 1 FROM json_each(?) AS "_each" WHERE "_each"."key" = ?)"#,
        [json, Expr::val(key)],
    )
}

pub(super) fn contains(json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr {
    let element = comparable(storage, Expr::cust(r#""_each"."value""#));
    let operand = Expr::val(sea_query::Value::from(operand(storage, scalar)));
    Expr::cust_with_exprs(
        r#"EXISTS (SELECT 1 FROM json_each(?) AS "_each" WHERE ? = ?)"#,
        [json, element, operand],
    )
}

pub(super) fn contained_by(json: Expr, storage: Storage, scalars: &[Scalar<'_>]) -> Expr {
    let element = comparable(storage, Expr::cust(r#""_each"."value""#));
    let operands = scalars
        .iter()
        .map(|scalar| sea_query::Value::from(operand(storage, *scalar)));
    let among = element.is_in(operands);
    Expr::cust_with_exprs(
        r#"NOT EXISTS (SELECT 1 FROM json_each(?) AS "_each" WHERE NOT (?))"#,
        [json, among],
    )
}

pub(super) fn length(json: Expr, is_object: bool) -> Expr {
    let template = match is_object {
        true => "(SELECT COUNT(*) FROM json_each(?))",
        false => "COALESCE(json_array_length(?), 0)",
    };
    Expr::cust_with_exprs(template, [json])
}

/// Bytes are base64 in JSON, which SQLite cannot read.
pub(super) fn has_element(json: Expr, storage: Storage, column: Expr) -> Option<Expr> {
    let element = Expr::cust(r#""_each"."value""#);
    let element = match storage {
        Storage::Bytes => return None,
        Storage::Uint64 => stored_uint(element),
        storage => comparable(storage, element),
    };
    Some(Expr::cust_with_exprs(
        r#"EXISTS (SELECT 1 FROM json_each(?) AS "_each" WHERE ? = ?)"#,
        [json, element, column],
    ))
}

/// The decimal text of an unsigned 64-bit integer as a column holds it: one beyond the signed ones as its eight bytes. It is
/// split behind its ninth digit from the right, so that no part of the sum is too large.
fn stored_uint(text: Expr) -> Expr {
    Expr::cust_with_exprs(
        "(CASE WHEN substr('00000000000000000000' || ?, -20) <= '09223372036854775807' THEN CAST(? AS INTEGER) \
         ELSE unhex(printf('%016X', (CAST(substr(?, 1, length(?) - 9) AS INTEGER) - 18446744073) * 1000000000 \
         + CAST(substr(?, -9) AS INTEGER) - 709551616)) END)",
        vec![text; 5],
    )
}

pub(super) fn key_of(json: Expr, key: &str, storage: Storage) -> Expr {
    let types = types_of(storage);
    Expr::cust_with_exprs(
        format!(
            r#"(SELECT "_each"."value" FROM json_each(?) AS "_each" WHERE "_each"."key" = ? AND "_each"."type" IN ({types}))"#
        ),
        [json, Expr::val(key)],
    )
}

pub(super) fn key_list(json: Expr, key: &str) -> Expr {
    Expr::cust_with_exprs(
        r#"(SELECT "_each"."value" FROM json_each(?) AS "_each" WHERE "_each"."key" = ? AND "_each"."type" = 'array')"#,
        [json, Expr::val(key)],
    )
}

pub(super) fn of(json: Expr, storage: Storage) -> Expr {
    let types = types_of(storage);
    Expr::cust_with_exprs(
        format!("(CASE WHEN json_type(?) IN ({types}) THEN ? ->> '$' END)"),
        [json.clone(), json],
    )
}

/// What `json_each` and `json_type` call the types.
fn types_of(storage: Storage) -> &'static str {
    match storage {
        Storage::Text => "'text'",
        Storage::Bool => "'true', 'false'",
        Storage::Json => "'object'",
        _ => "'integer', 'real'",
    }
}

/// ProtoJSON writes 64-bit integers, times and numbers that are not finite as strings; this makes them comparable. Bytes
/// stay base64, of which only equality means anything.
pub(super) fn comparable(storage: Storage, value: Expr) -> Expr {
    match storage {
        Storage::Int => Func::cast_as(value, "INTEGER").into(),
        Storage::Uint64 => {
            Expr::cust_with_exprs("substr('00000000000000000000' || ?, -20)", [value])
        }
        Storage::Float | Storage::Double => Expr::cust_with_exprs(
            "(CASE ? WHEN 'Infinity' THEN 9e999 WHEN '-Infinity' THEN -9e999 ELSE ? END)",
            [value.clone(), value],
        ),
        // Lengths of a time with no, three and six digits behind the point; otherwise it has nine.
        Storage::Timestamp => Expr::cust_with_exprs(
            "(CASE length(?) WHEN 20 THEN substr(?, 1, 19) || '.000000000Z' \
             WHEN 24 THEN substr(?, 1, 23) || '000000Z' \
             WHEN 27 THEN substr(?, 1, 26) || '000Z' ELSE ? END)",
            vec![value; 5],
        ),
        Storage::Duration => nanoseconds(value),
        Storage::Bool | Storage::Uint32 | Storage::Text | Storage::Bytes | Storage::Json => value,
    }
}

/// `-1.5s` as -1500000000. Beyond 292 years SQLite goes on with a floating point number.
fn nanoseconds(value: Expr) -> Expr {
    Expr::cust_with_exprs(
        "((CASE WHEN substr(?, 1, 1) = '-' THEN -1 ELSE 1 END) \
         * (abs(CAST(? AS INTEGER)) * 1000000000 \
         + (CASE instr(?, '.') WHEN 0 THEN 0 ELSE \
         CAST(substr(rtrim(substr(?, instr(?, '.') + 1), 's') || '000000000', 1, 9) AS INTEGER) END)))",
        vec![value; 5],
    )
}

/// What the outcome of [`comparable`] is compared with.
pub(super) fn operand(storage: Storage, scalar: Scalar<'_>) -> SqlValue<'static> {
    match scalar {
        Scalar::Bool(value) => SqlValue::Int(i64::from(value)),
        Scalar::Int(value) => SqlValue::Int(value),
        Scalar::Uint(value) if storage == Storage::Uint64 => {
            SqlValue::Text(format!("{value:020}").into())
        }
        Scalar::Uint(value) => SqlValue::Int(i64::try_from(value).unwrap_or(i64::MAX)),
        Scalar::Float(value) if value.is_nan() => SqlValue::Text("NaN".into()),
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
            let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            i64::try_from(nanos).map_or(SqlValue::Real(nanos as f64), SqlValue::Int)
        }
    }
}
