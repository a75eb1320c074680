//! Changes of all rows of a filter.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use protoloop_core::Result;
use protoloop_repository::{Changes, Filter, Key, Value};
use protoloop_wire::View;
use sea_query::{Expr, ExprTrait, Func, Query, UpdateStatement};

use crate::{
    Column, Scalar, SqlValue, Statement, Storage, Table, condition::condition, table::iden,
};

impl Table {
    /// The statement that changes all rows of a filter; `None` when nothing is to be changed.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for a value that cannot be stored; as [`Table::select`].
    pub fn update_all(
        &self,
        filter: Option<&Filter>,
        changes: &Changes,
    ) -> Result<Option<Statement>> {
        match changes.is_empty() {
            true => Ok(None),
            false => {
                let update = self.update_where(filter, changes)?;
                Ok(Some(self.dialect().update(&update)))
            }
        }
    }

    /// The statement that changes the row of a key, if it fulfils a condition, and answers all columns of it; `None` where
    /// the database has no such statement, or nothing is to be changed.
    ///
    /// # Errors
    /// As [`Table::update_all`].
    pub fn set<'a>(
        &'a self,
        key: &'a Key,
        when: Option<&Filter>,
        changes: &'a Changes,
    ) -> Result<Option<(Arc<str>, Vec<SqlValue<'a>>)>> {
        if changes.is_empty() || !self.dialect().answers_changes() {
            return Ok(None);
        }
        if when.is_some() {
            let statement = self.set_once(key, when, changes)?;
            return Ok(Some((statement.sql.into(), statement.values)));
        }
        let shape = (changes.fields().to_vec(), changes.counted().to_vec());
        let text = self.statements().set.get(&shape);
        let sql = match text {
            Some(sql) => sql,
            None => {
                let sql = self.set_once(key, None, changes)?.sql.into();
                self.statements().set.keep(shape, sql)
            }
        };
        Ok(Some((sql, self.set_values(key, changes)?)))
    }

    /// The values of [`Table::set_once`] without a condition, in its order.
    fn set_values<'a>(&'a self, key: &'a Key, changes: &'a Changes) -> Result<Vec<SqlValue<'a>>> {
        let model = self.model();
        let view = View::new(model.tables(), model.entity().message, changes.row());
        let (fields, counted) = (changes.fields(), changes.counted());
        let mut values = Vec::with_capacity(fields.len() + 2 * counted.len() + self.key().len());
        for number in fields {
            values.push(self.value_of(self.changed(*number)?, &view)?);
        }
        for _ in counted {
            values.extend([SqlValue::Int(0), SqlValue::Int(1)]);
        }
        values.extend(self.key_values(key));
        Ok(values)
    }

    fn set_once(&self, key: &Key, when: Option<&Filter>, changes: &Changes) -> Result<Statement> {
        let mut update = self.update_where(when, changes)?;
        update.cond_where(self.is_key(key));
        let columns = self.columns().iter();
        let columns = columns.map(|column| column.read(Expr::col(iden(&column.name))));
        update.returning(Query::returning().exprs(columns));
        Ok(self.dialect().update(&update))
    }

    fn update_where(&self, filter: Option<&Filter>, changes: &Changes) -> Result<UpdateStatement> {
        let model = self.model();
        let view = View::new(model.tables(), model.entity().message, changes.row());
        let mut update = Query::update();
        update.table(self.iden());
        for number in changes.fields() {
            let column = self.changed(*number)?;
            let value = self.value_of(column, &view)?;
            let value = column.bind(Expr::val(sea_query::Value::from(value)));
            update.value(iden(&column.name), value);
        }
        for number in changes.counted() {
            let name = iden(&self.changed(*number)?.name);
            let present = Func::coalesce([Expr::col(name.clone()), Expr::val(0_i64)]);
            update.value(name, Expr::expr(present).add(1_i64));
        }
        if let Some(filter) = filter {
            update.and_where(condition(self, filter)?);
        }
        Ok(update)
    }

    /// The statement that removes all rows of a filter.
    ///
    /// # Errors
    /// As [`Table::select`].
    pub fn delete_all(&self, filter: Option<&Filter>) -> Result<Statement> {
        let mut delete = Query::delete();
        delete.from_table(self.iden());
        if let Some(filter) = filter {
            delete.and_where(condition(self, filter)?);
        }
        Ok(self.dialect().delete(&delete))
    }

    /// A parameter of a native statement, in the form in which a column of its type holds it.
    #[must_use]
    pub fn parameter<'a>(&self, value: &'a Value) -> SqlValue<'a> {
        let (storage, scalar) = match value {
            Value::Null => return SqlValue::Null,
            Value::Bool(value) => (Storage::Bool, Scalar::Bool(*value)),
            Value::I64(value) => (Storage::Int, Scalar::Int(*value)),
            Value::Enum(value) => (Storage::Int, Scalar::Int(i64::from(*value))),
            Value::U64(value) => (Storage::Uint64, Scalar::Uint(*value)),
            Value::F64(value) => (Storage::Double, Scalar::Float(*value)),
            Value::String(text) => (Storage::Text, Scalar::Text(text)),
            Value::Bytes(bytes) => (Storage::Bytes, Scalar::Bytes(bytes)),
            Value::Timestamp { seconds, nanos } => {
                let (seconds, nanos) = (*seconds, *nanos);
                (Storage::Timestamp, Scalar::Timestamp { seconds, nanos })
            }
            Value::Duration { seconds, nanos } => {
                let (seconds, nanos) = (*seconds, *nanos);
                (Storage::Duration, Scalar::Duration { seconds, nanos })
            }
        };
        self.dialect().encode(storage, scalar)
    }

    fn changed(&self, number: u32) -> Result<&Column> {
        self.column(number)
            .ok_or_else(|| self.broken("a changed field has no column"))
    }
}
