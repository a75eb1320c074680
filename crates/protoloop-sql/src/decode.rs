//! From a row to a record.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use protoloop_core::{Error, Result};
use protoloop_repository::Record;
use protoloop_schema::Kind;
use protoloop_wire::{Value, View, Writer};

use crate::{
    Column, Dialect, Scalar, Selection, SqlValue, Storage, Table, encode::inner_kind, json,
};

/// One row of an answer.
pub trait SqlRow {
    /// The value of the column at a position of the answer.
    ///
    /// # Errors
    /// INTERNAL when there is no such column.
    fn value(&self, index: usize) -> Result<SqlValue<'_>>;

    /// How many columns it has.
    fn width(&self) -> usize;
}

impl SqlRow for [SqlValue<'_>] {
    fn value(&self, index: usize) -> Result<SqlValue<'_>> {
        self.get(index)
            .cloned()
            .ok_or_else(|| Error::internal_error(format!("row without value {index}")))
    }

    fn width(&self) -> usize {
        self.len()
    }
}

impl Table {
    /// The canonical record of a row of all columns.
    ///
    /// # Errors
    /// INTERNAL when the database holds what cannot be a value of the field; the log names table and column.
    pub fn record<R: SqlRow + ?Sized>(&self, row: &R) -> Result<Record> {
        self.record_from(row, self.columns().iter())
    }

    /// The canonical record of a row of some columns, in order of their field numbers.
    ///
    /// # Errors
    /// As [`Table::record`].
    pub fn record_from<'a, R: SqlRow + ?Sized>(
        &self,
        row: &R,
        columns: impl Iterator<Item = &'a Column>,
    ) -> Result<Record> {
        let mut writer = Writer::with_capacity(128);
        self.write(&mut writer, row, columns)?;
        Ok(Record(Bytes::from(writer.finish())))
    }

    fn write<'a, R: SqlRow + ?Sized>(
        &self,
        writer: &mut Writer,
        row: &R,
        columns: impl Iterator<Item = &'a Column>,
    ) -> Result<()> {
        let model = self.model();
        let view = View::new(model.tables(), model.entity().message, &[]);
        for (index, column) in columns.enumerate() {
            let value = row.value(index)?;
            if value == SqlValue::Null {
                continue;
            }
            let mut put = |value: &SqlValue<'_>| {
                let scalar = column.decode(self.dialect(), value)?;
                write(writer, &view, column, &scalar, self.dialect())
            };
            put(&value)
                .or_else(|| put(&number_as_text(column, &value)?))
                .ok_or_else(|| {
                    let name = &column.name;
                    self.broken(&format!("column {name} holds {}", class(&value)))
                })?;
        }
        Ok(())
    }
}

/// Bytes of rows that share one piece of memory, beyond which another one is begun.
const SHARED: usize = 64 * 1024;

/// The records of an answer of several rows, many of which share a piece of memory.
#[derive(Debug)]
pub struct Records<'a> {
    table: &'a Table,
    selection: &'a Selection,
    writer: Writer,
    /// Where each of the rows in `writer` ends.
    ends: Vec<usize>,
    records: Vec<Record>,
}

impl<'a> Records<'a> {
    /// No rows yet of an answer with the columns of a selection.
    #[must_use]
    pub fn new(table: &'a Table, selection: &'a Selection) -> Self {
        Self {
            table,
            selection,
            writer: Writer::with_capacity(512),
            ends: Vec::new(),
            records: Vec::new(),
        }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// As [`Table::record`].
    pub fn push<R: SqlRow + ?Sized>(&mut self, row: &R) -> Result<()> {
        let columns = self.selection.columns(self.table);
        self.table.write(&mut self.writer, row, columns)?;
        let end = self.writer.len();
        self.ends.push(end);
        if end > SHARED {
            self.cut();
        }
        Ok(())
    }

    /// The records, in the order in which their rows came.
    #[must_use]
    pub fn finish(mut self) -> Vec<Record> {
        self.cut();
        self.records
    }

    fn cut(&mut self) {
        let bytes = Bytes::from(std::mem::take(&mut self.writer).finish());
        self.records.reserve(self.ends.len());
        let mut start = 0;
        for end in self.ends.drain(..) {
            self.records.push(Record(bytes.slice(start..end)));
            start = end;
        }
    }
}

/// A number where a text is expected, as text: SQLite makes numbers of texts that look like some, in columns whose type it does not
/// know for one of texts, and others store what they like.
fn number_as_text(column: &Column, value: &SqlValue<'_>) -> Option<SqlValue<'static>> {
    let text = match value {
        SqlValue::Int(number) => number.to_string(),
        SqlValue::Real(number) => number.to_string(),
        _ => return None,
    };
    let is_text = matches!(column.storage, Storage::Text | Storage::Json);
    is_text.then(|| SqlValue::Text(text.into()))
}

/// Appends the field of a column; `None` when the value is not one of its type.
fn write(
    writer: &mut Writer,
    view: &View<'_>,
    column: &Column,
    scalar: &Scalar<'_>,
    dialect: &dyn Dialect,
) -> Option<()> {
    let number = column.number;
    match *scalar {
        Scalar::Json(text) => writer.raw(&json::read(view, number, &dialect.stored_json(text))?),
        Scalar::Timestamp { seconds, nanos } | Scalar::Duration { seconds, nanos } => {
            let open = writer.open(number);
            write_parts(writer, seconds, nanos);
            writer.close(open);
        }
        _ if column.wrapped => {
            let message = view.table().field(number)?.message()?;
            let value = value(inner_kind(view, column)?, scalar)?;
            let open = writer.open(number);
            if !scalar.is_default() {
                let inner = view.tables().message(message).field(1)?;
                writer.value(inner, &value).then_some(())?;
            }
            writer.close(open);
        }
        _ if !column.nullable && scalar.is_default() => {}
        _ => {
            let field = view.table().field(number)?;
            writer
                .value(field, &value(field.kind(), scalar)?)
                .then_some(())?;
        }
    }
    Some(())
}

fn write_parts(writer: &mut Writer, seconds: i64, nanos: i32) {
    if seconds != 0 {
        writer.int64(1, seconds);
    }
    if nanos != 0 {
        writer.int32(2, nanos);
    }
}

/// A scalar as a value of a kind; `None` when it does not fit.
fn value<'a>(kind: Kind, scalar: &Scalar<'a>) -> Option<Value<'a>> {
    Some(match (kind, *scalar) {
        (Kind::Bool, Scalar::Bool(value)) => Value::Bool(value),
        (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, Scalar::Int(value)) => {
            Value::I32(i32::try_from(value).ok()?)
        }
        (Kind::Enum(_), Scalar::Int(value)) => Value::Enum(i32::try_from(value).ok()?),
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, Scalar::Int(value)) => Value::I64(value),
        (Kind::Uint32 | Kind::Fixed32, Scalar::Uint(value)) => {
            Value::U32(u32::try_from(value).ok()?)
        }
        (Kind::Uint64 | Kind::Fixed64, Scalar::Uint(value)) => Value::U64(value),
        (Kind::Float, Scalar::Float(value)) => Value::F32(value as f32),
        (Kind::Double, Scalar::Float(value)) => Value::F64(value),
        (Kind::String, Scalar::Text(text)) => Value::String(text),
        (Kind::Bytes, Scalar::Bytes(bytes)) => Value::Bytes(bytes),
        _ => return None,
    })
}

/// The class of a value, for the log: never the value itself.
fn class(value: &SqlValue<'_>) -> &'static str {
    match value {
        SqlValue::Null => "NULL",
        SqlValue::Bool(_) => "a boolean",
        SqlValue::Int(_) | SqlValue::Uint(_) => "an integer out of its range",
        SqlValue::Real(_) => "a floating point number",
        SqlValue::Json(_) => "JSON that is no value of its type",
        SqlValue::Text(_) => "text that is no value of its type",
        SqlValue::Blob(_) => "a blob that is no value of its type",
    }
}
