//! From a record to the values of a row.

use std::borrow::Cow;

use protoloop_core::{Error, Result};
use protoloop_repository::Key;
use protoloop_schema::Kind;
use protoloop_wire::{Value, View};

use crate::{Column, Scalar, SqlValue, Storage, Table, json, time};

impl Table {
    /// The values of all columns for a record, in order of [`Table::columns`]. Unknown fields are left out.
    ///
    /// With a SEQUENCE an unset key is NULL, which lets the database count.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, naming the field, for times out of range and for strings that are not UTF-8.
    pub fn row_of<'a>(&'a self, record: &'a [u8]) -> Result<Vec<SqlValue<'a>>> {
        let model = self.model();
        let view = View::new(model.tables(), model.entity().message, record);
        self.columns()
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let value = self.value_of(column, &view)?;
                let unset = self.is_sequence() && value == SqlValue::Int(0);
                Ok(if unset && self.key().contains(&index) {
                    SqlValue::Null
                } else {
                    value
                })
            })
            .collect()
    }

    /// The values of a key, in order of [`Table::key`].
    #[must_use]
    pub fn key_values<'a>(&self, key: &'a Key) -> Vec<SqlValue<'a>> {
        self.key()
            .iter()
            .zip(key.values())
            .map(|(index, value)| {
                let column = &self.columns()[*index];
                column.encode_key(self.dialect(), Scalar::of_key(value))
            })
            .collect()
    }

    pub(crate) fn value_of<'a>(&self, column: &Column, view: &View<'a>) -> Result<SqlValue<'a>> {
        let dialect = self.dialect();
        if column.storage == Storage::Json {
            let Some(text) = json::write(view, column.number)? else {
                return Ok(SqlValue::Null);
            };
            self.accept(column, &Scalar::Json(&text))?;
            let stored = dialect.encode(Storage::Json, Scalar::Json(&text));
            let stored = match stored {
                SqlValue::Text(Cow::Borrowed(_)) => None,
                stored => Some(stored.into_owned()),
            };
            return Ok(stored.unwrap_or(SqlValue::Text(Cow::Owned(text))));
        }
        if let Some(value) = view.get(column.number) {
            let scalar = self.scalar(column, value)?;
            self.accept(column, &scalar)?;
            return Ok(column.encode(dialect, scalar));
        }
        Ok(match column.storage.default() {
            Some(default) if !column.nullable => column.encode(dialect, default),
            _ => SqlValue::Null,
        })
    }

    /// Refuses what the database cannot hold.
    fn accept(&self, column: &Column, scalar: &Scalar<'_>) -> Result<()> {
        let refused = |why| Error::invalid_field(self.model().field_name(column.number), why);
        let declared = column.declared.as_ref();
        if let Some(why) =
            declared.and_then(|declared| declared.refusal(scalar).or_else(|| declared.cuts(scalar)))
        {
            return Err(refused(why));
        }
        match self.dialect().refusal(column, scalar) {
            None => Ok(()),
            Some(why) => Err(refused(why.to_owned())),
        }
    }

    fn scalar<'a>(&self, column: &Column, value: Value<'a>) -> Result<Scalar<'a>> {
        let wrong = |description: &str| {
            Err(Error::invalid_field(
                self.model().field_name(column.number),
                description,
            ))
        };
        let found = match (column.storage, value) {
            (Storage::Timestamp, Value::Message(view)) => {
                let (seconds, nanos) = (view.i64(1), view.i32(2));
                if !time::is_timestamp(seconds, nanos) {
                    return wrong(
                        "must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z",
                    );
                }
                Scalar::Timestamp { seconds, nanos }
            }
            (Storage::Duration, Value::Message(view)) => {
                let (seconds, nanos) = (view.i64(1), view.i32(2));
                if !time::is_duration(seconds, nanos) {
                    return wrong(
                        "must be at most 315576000000s either way, with parts of one sign",
                    );
                }
                Scalar::Duration { seconds, nanos }
            }
            (_, Value::Message(view)) if column.wrapped => {
                return match view.get(1) {
                    Some(inner) => self.scalar(column, inner),
                    None => column
                        .storage
                        .default()
                        .ok_or_else(|| self.broken("a wrapper has no scalar inside")),
                };
            }
            (Storage::Text, Value::Bytes(_)) => return wrong("is not valid UTF-8"),
            (_, Value::Bool(value)) => Scalar::Bool(value),
            (_, Value::I32(value) | Value::Enum(value)) => Scalar::Int(i64::from(value)),
            (_, Value::I64(value)) => Scalar::Int(value),
            (_, Value::U32(value)) => Scalar::Uint(u64::from(value)),
            (_, Value::U64(value)) => Scalar::Uint(value),
            (_, Value::F32(value)) => Scalar::Float(f64::from(value)),
            (_, Value::F64(value)) => Scalar::Float(value),
            (_, Value::String(text)) => Scalar::Text(text),
            (_, Value::Bytes(bytes)) => Scalar::Bytes(bytes),
            (_, Value::Message(_)) => return Err(self.broken("a message in a scalar column")),
        };
        Ok(found)
    }
}

/// The kind of the value that is written for a column: inside a wrapper, of the wrapped value.
pub(crate) fn inner_kind(view: &View<'_>, column: &Column) -> Option<Kind> {
    let field = view.table().field(column.number)?;
    match field.message() {
        Some(id) if column.wrapped => Some(view.tables().message(id).field(1)?.kind()),
        _ => Some(field.kind()),
    }
}
