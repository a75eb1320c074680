//! Changes of all rows of a filter.

#[cfg(test)]
mod tests;

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
    pub fn set(
        &self,
        key: &Key,
        when: Option<&Filter>,
        changes: &Changes,
    ) -> Result<Option<Statement>> {
        if changes.is_empty() || !self.dialect().answers_changes() {
            return Ok(None);
        }
        let mut update = self.update_where(when, changes)?;
        update.cond_where(self.is_key(key));
        let columns = self.columns().iter().map(|column| iden(&column.name));
        update.returning(Query::returning().columns(columns));
        Ok(Some(self.dialect().update(&update)))
    }

    fn update_where(&self, filter: Option<&Filter>, changes: &Changes) -> Result<UpdateStatement> {
        let model = self.model();
        let view = View::new(model.tables(), model.entity().message, changes.row());
        let mut update = Query::update();
        update.table(self.iden());
        for number in changes.fields() {
            let column = self.changed(*number)?;
            let value = self.value_of(column, &view)?;
            update.value(iden(&column.name), Expr::val(sea_query::Value::from(value)));
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
