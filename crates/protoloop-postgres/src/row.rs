//! Rows of an answer.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_driver::clock;
use protoloop_sql::{SqlRow, SqlValue, timestamp_text};
use sqlx::{Row as _, ValueRef as _, postgres::PgRow};

use crate::{arguments::oid, numeric};

/// A row as `protoloop-sql` reads it.
#[derive(Debug)]
pub struct Row(pub(crate) PgRow);

/// 2000-01-01T00:00:00Z, from which PostgreSQL counts, in seconds since 1970.
const EPOCH: i64 = 946_684_800;

/// The bounds of `google.protobuf.Timestamp`, in the microseconds of PostgreSQL.
const FIRST: &str = "0001-01-01T00:00:00.000000000Z";
const LAST: &str = "9999-12-31T23:59:59.999999000Z";

impl SqlRow for Row {
    fn value(&self, index: usize) -> Result<SqlValue<'_>> {
        let value = self.0.try_get_raw(index).map_err(unreadable)?;
        if value.is_null() {
            return Ok(SqlValue::Null);
        }
        let kind = value.type_info().oid().map_or(0, |oid| oid.0);
        let bytes = value
            .as_bytes()
            .map_err(|error| Error::internal_error("a value of no bytes").with_source(error))?;
        read(kind, bytes).ok_or_else(|| {
            Error::internal_error(format!("a value of type {kind} that cannot be read"))
        })
    }

    fn width(&self) -> usize {
        self.0.len()
    }
}

/// A value in its binary form. Types that this connector does not make are read as far as it can.
fn read(kind: u32, bytes: &[u8]) -> Option<SqlValue<'_>> {
    Some(match kind {
        oid::BOOL => SqlValue::Bool(bytes != [0]),
        oid::INT8 => SqlValue::Int(i64::from_be_bytes(bytes.try_into().ok()?)),
        oid::INT4 => SqlValue::Int(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        oid::INT2 => SqlValue::Int(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        oid::OID => SqlValue::Int(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        oid::FLOAT8 => SqlValue::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
        oid::FLOAT4 => SqlValue::Real(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        oid::NUMERIC => numeric::read(bytes)?,
        oid::BYTEA => SqlValue::Blob(Cow::Borrowed(bytes)),
        oid::JSONB => SqlValue::Json(Cow::Borrowed(text(bytes.strip_prefix(&[1])?)?)),
        oid::JSON => SqlValue::Json(Cow::Borrowed(text(bytes)?)),
        oid::UUID => SqlValue::Text(uuid(bytes).into()),
        oid::TIMESTAMP | oid::TIMESTAMPTZ => {
            let micros = i64::from_be_bytes(bytes.try_into().ok()?);
            let seconds = micros.div_euclid(1_000_000).checked_add(EPOCH)?;
            let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).ok()?;
            SqlValue::Text(match timestamp_text(seconds, nanos) {
                Some(text) => text.into(),
                // Infinity, and years that a Timestamp does not have.
                None if micros < 0 => FIRST.into(),
                None => LAST.into(),
            })
        }
        oid::DATE => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            let mut text = timestamp_text(i64::from(days) * 86_400 + EPOCH, 0)?;
            text.truncate(10);
            SqlValue::Text(text.into())
        }
        oid::TIME => SqlValue::Text(time(i64::from_be_bytes(bytes.try_into().ok()?))?.into()),
        // One byte, a zero for none.
        oid::CHAR => SqlValue::Text(Cow::Borrowed(text(bytes)?.trim_end_matches('\0'))),
        // Text of every kind, and the labels of enums. No text has a zero byte in it; what else there is mostly has.
        _ => SqlValue::Text(Cow::Borrowed(
            text(bytes).filter(|text| !text.contains('\0'))?,
        )),
    })
}

/// A time of a day in microseconds; `None` for what is none.
fn time(micros: i64) -> Option<String> {
    let micros = u64::try_from(micros).ok()?;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let (minutes, second) = (seconds / 60, seconds % 60);
    let fraction = u32::try_from(fraction).ok()?;
    Some(clock(minutes / 60, minutes % 60, second, fraction))
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn uuid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn unreadable(error: sqlx::Error) -> Error {
    Error::internal_error("an answer without this column").with_source(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_others_are_read() {
        let bytes = (-1i64).to_be_bytes();
        let time = read(oid::TIMESTAMPTZ, &bytes);
        let expected = "1999-12-31T23:59:59.999999000Z";
        assert_eq!(time, Some(SqlValue::Text(expected.into())));
        let bytes = 366i32.to_be_bytes();
        let date = read(oid::DATE, &bytes);
        assert_eq!(date, Some(SqlValue::Text("2001-01-01".into())));
        // Infinity is no time of ours.
        for (micros, text) in [(i64::MAX, LAST), (i64::MIN, FIRST)] {
            let bytes = micros.to_be_bytes();
            let time = read(oid::TIMESTAMP, &bytes);
            assert_eq!(time, Some(SqlValue::Text(text.into())));
        }
        let id = read(oid::UUID, &[0xAB; 16]);
        let expected = "abababab-abab-abab-abab-abababababab";
        assert_eq!(id, Some(SqlValue::Text(expected.into())));
        assert_eq!(read(oid::INT2, &[255, 255]), Some(SqlValue::Int(-1)));
        assert_eq!(read(oid::INT8, &[1]), None);
        assert_eq!(read(oid::TEXT, &[0xFF]), None);
        let bytes = 43_200_500_000i64.to_be_bytes();
        let noon = read(oid::TIME, &bytes);
        assert_eq!(noon, Some(SqlValue::Text("12:00:00.5".into())));
        // The binary form of an array is no text.
        assert_eq!(read(1007, &[0, 0, 0, 1, 0, 0, 0, 0]), None);
    }
}
