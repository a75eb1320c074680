//! Values inside JSON columns, which hold ProtoJSON with proto names and enum numbers.

use sea_query::{Expr, ExprTrait};

use crate::{Scalar, SqlValue, Storage, number, time};

pub(super) fn part(json: Expr, fields: &[&str]) -> Expr {
    if fields.is_empty() {
        return json;
    }
    // Proto names, so the path needs no quoting and can stand in the text.
    let path = Expr::cust(format!("'$.{}'", fields.join(".")));
    Expr::cust_with_exprs("JSON_EXTRACT(?, ?)", [json, path])
}

/// A string without its quotes, a number; as text.
pub(super) fn value(json: Expr) -> Expr {
    Expr::cust_with_exprs("JSON_UNQUOTE(?)", [json])
}

pub(super) fn key(json: Expr, key: &str) -> Expr {
    Expr::cust_with_exprs(
        "JSON_EXTRACT(?, CONCAT('$.', JSON_QUOTE(?)))",
        [json, Expr::val(key)],
    )
}

/// A condition on the number of elements of an array that fulfil another. They are counted, because MySQL may ask an EXISTS
/// over JSON_TABLE once for all rows (seen in 9.7).
macro_rules! elements {
    ($condition:literal, $number:literal) => {
        concat!(
            "((SELECT COUNT(*) FROM JSON_TABLE(?, '$[*]' COLUMNS (`value` LONGTEXT CHARACTER SET utf8mb4 PATH '$')) \
             AS `_each` WHERE ",
            $condition,
            ") ",
            $number,
            ")"
        )
    };
}

fn element() -> Expr {
    Expr::cust("`_each`.`value`")
}

pub(super) fn contains(collation: &str, json: Expr, storage: Storage, scalar: Scalar<'_>) -> Expr {
    Expr::cust_with_exprs(
        elements!("? = ?", "> 0"),
        [
            json,
            comparable(collation, storage, &element()),
            operand(storage, scalar),
        ],
    )
}

pub(super) fn contained_by(
    collation: &str,
    json: Expr,
    storage: Storage,
    scalars: &[Scalar<'_>],
) -> Expr {
    let operands = scalars.iter().map(|scalar| operand(storage, *scalar));
    let among = comparable(collation, storage, &element()).is_in(operands);
    Expr::cust_with_exprs(elements!("(?) IS NOT TRUE", "= 0"), [json, among])
}

/// A column stores a duration in another form than JSON does.
pub(super) fn has_element(
    collation: &str,
    json: Expr,
    storage: Storage,
    column: Expr,
) -> Option<Expr> {
    let element = match storage {
        Storage::Duration => return None,
        Storage::Bytes => Expr::cust_with_exprs("FROM_BASE64(?)", [element()]),
        storage => comparable(collation, storage, &element()),
    };
    Some(Expr::cust_with_exprs(
        elements!("? = ?", "> 0"),
        [json, element, column],
    ))
}

pub(super) fn of(json: Expr, storage: Storage) -> Expr {
    let template = match storage {
        Storage::Text => "(CASE WHEN JSON_TYPE(?) = 'STRING' THEN JSON_UNQUOTE(?) END)",
        Storage::Bool => "(CASE WHEN JSON_TYPE(?) = 'BOOLEAN' THEN JSON_UNQUOTE(?) END)",
        Storage::Json => "(CASE WHEN JSON_TYPE(?) = 'OBJECT' THEN ? END)",
        _ => {
            "(CASE WHEN JSON_TYPE(?) IN ('INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'DECIMAL') THEN JSON_UNQUOTE(?) END)"
        }
    };
    Expr::cust_with_exprs(template, [json.clone(), json])
}

/// A value is text here. ProtoJSON writes 64-bit integers, times and numbers that are not finite as strings; this makes
/// them comparable. Bytes stay base64, of which only equality means anything. There is no NaN, so it is null, and what is
/// infinite is the last number.
pub(super) fn comparable(collation: &str, storage: Storage, value: &Expr) -> Expr {
    let of = |template: &str, times: usize| {
        Expr::cust_with_exprs(template.to_owned(), vec![value.clone(); times])
    };
    match storage {
        Storage::Bool => of("(? = 'true')", 1),
        Storage::Int => of("CAST(? AS SIGNED)", 1),
        Storage::Uint32 | Storage::Uint64 => of("CAST(? AS UNSIGNED)", 1),
        Storage::Float | Storage::Double => of(
            "(CASE ? WHEN 'NaN' THEN NULL WHEN 'Infinity' THEN 1.7976931348623157e308 \
             WHEN '-Infinity' THEN -1.7976931348623157e308 ELSE CAST(? AS DOUBLE) END)",
            2,
        ),
        // Lengths of a time with no, three and six digits behind the point; otherwise it has nine.
        Storage::Timestamp => of(
            "(CASE LENGTH(?) WHEN 20 THEN CONCAT(LEFT(?, 19), '.000000000Z') \
             WHEN 24 THEN CONCAT(LEFT(?, 23), '000000Z') \
             WHEN 27 THEN CONCAT(LEFT(?, 26), '000Z') ELSE ? END)",
            5,
        ),
        Storage::Duration => of("CAST(TRIM(TRAILING 's' FROM ?) AS DECIMAL(24,9))", 1),
        // By byte, whatever the column's collation is.
        Storage::Text | Storage::Bytes | Storage::Json => of(
            &format!("CAST(? AS CHAR CHARACTER SET utf8mb4) COLLATE {collation}"),
            1,
        ),
    }
}

/// What the outcome of [`comparable`] is compared with.
pub(super) fn operand(storage: Storage, scalar: Scalar<'_>) -> Expr {
    let value = match scalar {
        Scalar::Bool(value) => SqlValue::Int(i64::from(value)),
        Scalar::Int(value) => SqlValue::Int(value),
        Scalar::Uint(value) => SqlValue::Uint(value),
        Scalar::Float(value) if value.is_nan() => SqlValue::Null,
        Scalar::Float(value) if storage == Storage::Float => {
            SqlValue::Real(number::as_written(value).clamp(f64::MIN, f64::MAX))
        }
        Scalar::Float(value) => SqlValue::Real(value.clamp(f64::MIN, f64::MAX)),
        Scalar::Text(text) | Scalar::Json(text) => SqlValue::Text(text.to_owned().into()),
        Scalar::Bytes(bytes) => SqlValue::Text(number::base64(bytes).into()),
        Scalar::Timestamp { seconds, nanos } => {
            SqlValue::Text(time::timestamp_text(seconds, nanos).into())
        }
        Scalar::Duration { seconds, nanos } => {
            let seconds = SqlValue::Text(time::decimal_seconds(seconds, nanos).into());
            let seconds = Expr::val(sea_query::Value::from(seconds));
            return Expr::cust_with_exprs("CAST(? AS DECIMAL(24,9))", [seconds]);
        }
    };
    Expr::val(sea_query::Value::from(value))
}
