//! Values as arguments of a statement. Each kind of value has one type, which is that of the columns that store it, so that
//! a prepared statement fits whatever is bound next.

use protoloop_driver::{Fault, FaultKind};
use protoloop_sql::SqlValue;
use sqlx::{
    Arguments as _, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, types::Oid},
};

use crate::numeric;

/// Numbers of types, which are the same in every PostgreSQL.
pub(crate) mod oid {
    pub(crate) const BOOL: u32 = 16;
    pub(crate) const BYTEA: u32 = 17;
    pub(crate) const CHAR: u32 = 18;
    pub(crate) const INT8: u32 = 20;
    pub(crate) const INT2: u32 = 21;
    pub(crate) const INT4: u32 = 23;
    pub(crate) const OID: u32 = 26;
    pub(crate) const TEXT: u32 = 25;
    pub(crate) const JSON: u32 = 114;
    pub(crate) const FLOAT4: u32 = 700;
    pub(crate) const FLOAT8: u32 = 701;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIME: u32 = 1083;
    pub(crate) const TIMESTAMP: u32 = 1114;
    pub(crate) const TIMESTAMPTZ: u32 = 1184;
    pub(crate) const NUMERIC: u32 = 1700;
    pub(crate) const UUID: u32 = 2950;
    pub(crate) const JSONB: u32 = 3802;
    /// The server finds out by itself.
    pub(crate) const UNKNOWN: u32 = 0;
}

pub(crate) fn arguments(values: &[SqlValue<'_>]) -> Result<PgArguments, Fault> {
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 16 * values.len());
    for value in values {
        arguments
            .add(Bound(value))
            .map_err(|error| Fault::new(FaultKind::Other, error))?;
    }
    Ok(arguments)
}

struct Bound<'a>(&'a SqlValue<'a>);

impl Type<Postgres> for Bound<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(oid::UNKNOWN))
    }
}

impl<'q> Encode<'q, Postgres> for Bound<'q> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.0 {
            SqlValue::Null => return Ok(IsNull::Yes),
            SqlValue::Bool(value) => buffer.push(u8::from(*value)),
            SqlValue::Int(value) => buffer.extend_from_slice(&value.to_be_bytes()),
            SqlValue::Uint(value) => numeric::write(*value, buffer),
            SqlValue::Real(value) => buffer.extend_from_slice(&value.to_bits().to_be_bytes()),
            SqlValue::Text(text) => buffer.extend_from_slice(text.as_bytes()),
            SqlValue::Blob(bytes) => buffer.extend_from_slice(bytes),
            SqlValue::Json(text) => {
                // The version of the form.
                buffer.push(1);
                buffer.extend_from_slice(text.as_bytes());
            }
        }
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        let number = match self.0 {
            SqlValue::Null => oid::UNKNOWN,
            SqlValue::Bool(_) => oid::BOOL,
            SqlValue::Int(_) => oid::INT8,
            SqlValue::Uint(_) => oid::NUMERIC,
            SqlValue::Real(_) => oid::FLOAT8,
            SqlValue::Text(_) => oid::TEXT,
            SqlValue::Blob(_) => oid::BYTEA,
            SqlValue::Json(_) => oid::JSONB,
        };
        Some(PgTypeInfo::with_oid(Oid(number)))
    }
}
