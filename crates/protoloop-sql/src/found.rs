//! Changes of a row that was looked at and not locked: they are done where it is still the same.

use std::sync::Arc;

use protoloop_core::Result;
use protoloop_repository::{Filter, Key};
use sea_query::{Condition, Expr, ExprTrait, Query};

use crate::{Column, Dialect, SqlValue, Table, condition::condition, table::iden};

/// A statement with its values.
type Bound<'a> = (Arc<str>, Vec<SqlValue<'a>>);

/// Whether rows of these columns are compared: what others declared may be told in other words than it is kept in.
pub(crate) fn compares(dialect: &dyn Dialect, columns: &[Column], key: &[usize]) -> bool {
    let compares = |column: &Column| {
        column.declared.is_none() && !column.computed && dialect.compares(column.storage)
    };
    columns.len() > key.len() && columns.iter().all(compares)
}

/// The condition that the columns outside the key hold some values, which come in the order of the columns.
pub(crate) fn same(
    dialect: &dyn Dialect,
    columns: &[Column],
    key: &[usize],
    mut value: impl FnMut() -> Expr,
) -> Expr {
    let others = (0..columns.len()).filter(|index| !key.contains(index));
    let same = others.fold(Condition::all(), |all, index| {
        let column = Expr::col(iden(&columns[index].name));
        all.add(dialect.is_distinct(column, value()).not())
    });
    same.into()
}

impl Table {
    /// Whether a row can be changed that was looked at without a lock.
    #[must_use]
    pub fn compares_rows(&self) -> bool {
        self.statements().delete_found.is_some()
    }

    /// Sets the columns outside the key where they hold what they did; `row` and `found` hold the values of all columns.
    /// `None` when there are no others to write.
    ///
    /// # Errors
    /// INTERNAL when the condition is not one of this model.
    pub fn update_found<'a>(
        &self,
        key: &Key,
        scope: Option<&Filter>,
        row: Vec<SqlValue<'a>>,
        found: Vec<SqlValue<'a>>,
    ) -> Result<Option<Bound<'a>>> {
        let Some(sql) = &self.statements().update_found else {
            return Ok(None);
        };
        let Some(scope) = scope else {
            let mut values = self.update_values(row);
            values.extend(self.others(found));
            return Ok(Some((Arc::clone(sql), values)));
        };
        let mut update = Query::update();
        update.table(self.iden());
        for (index, (column, value)) in self.columns().iter().zip(row).enumerate() {
            if !self.key().contains(&index) {
                update.value(iden(&column.name), sea_query::Value::from(value));
            }
        }
        update.cond_where(self.is_key(key));
        update.and_where(condition(self, scope)?);
        update.and_where(self.is_same(found));
        let update = self.dialect().update(&update);
        Ok(Some((update.sql.into(), update.values)))
    }

    /// Deletes the row of a key where it is the one that was found, of which `found` holds the values of all columns. `None`
    /// where rows are not compared.
    ///
    /// # Errors
    /// As [`Table::update_found`].
    pub fn delete_found<'a>(
        &self,
        key: &Key,
        scope: Option<&Filter>,
        found: Vec<SqlValue<'a>>,
    ) -> Result<Option<Bound<'a>>> {
        let Some(sql) = &self.statements().delete_found else {
            return Ok(None);
        };
        let Some(scope) = scope else {
            let values = self.key_values(key).into_iter();
            let mut values: Vec<SqlValue<'a>> = values.map(SqlValue::into_owned).collect();
            values.extend(self.others(found));
            return Ok(Some((Arc::clone(sql), values)));
        };
        let mut delete = Query::delete();
        delete.from_table(self.iden());
        delete.cond_where(self.is_key(key));
        delete.and_where(condition(self, scope)?);
        delete.and_where(self.is_same(found));
        let delete = self.dialect().delete(&delete);
        Ok(Some((delete.sql.into(), delete.values)))
    }

    fn is_same(&self, found: Vec<SqlValue<'_>>) -> Expr {
        let mut values = self.others(found);
        same(self.dialect(), self.columns(), self.key(), || {
            let value = values.next().unwrap_or(SqlValue::Null);
            Expr::val(sea_query::Value::from(value))
        })
    }

    /// The values of the columns outside the key.
    fn others<'a>(&self, row: Vec<SqlValue<'a>>) -> impl Iterator<Item = SqlValue<'a>> {
        let values = row.into_iter().enumerate();
        values.filter_map(|(index, value)| (!self.key().contains(&index)).then_some(value))
    }
}
