//! Statements about the row of a key that must fulfil a condition as well.

#[cfg(test)]
mod tests;

use protoloop_core::Result;
use protoloop_repository::{Filter, Key};
use sea_query::{Expr, Query};

use crate::{SqlValue, Statement, Table, condition::condition, select::Selection, table::iden};

impl Table {
    /// Selects all columns of the row of a key, if it fulfils the condition; `lock` keeps others from changing it, where there
    /// are locks of rows.
    ///
    /// # Errors
    /// INTERNAL when the condition is not one of this model.
    pub fn find_within(&self, key: &Key, scope: &Filter, lock: bool) -> Result<Statement> {
        let mut select = self.select_from(&Selection::all(self));
        select.cond_where(self.is_key(key));
        select.and_where(condition(self, scope)?);
        if lock {
            select.lock_exclusive();
        }
        Ok(self.dialect().select(&select))
    }

    /// Sets the columns outside the key of that row; `row` holds the values of all columns. `None` when there are no
    /// others to write.
    ///
    /// # Errors
    /// As [`Table::find_within`].
    pub fn update_within(
        &self,
        row: Vec<SqlValue<'_>>,
        key: &Key,
        scope: &Filter,
    ) -> Result<Option<Statement>> {
        let mut update = Query::update();
        update.table(self.iden());
        let mut sets = false;
        for (index, (column, value)) in self.columns().iter().zip(row).enumerate() {
            if !self.key().contains(&index) && !column.computed {
                sets = true;
                let value = column.bind(Expr::val(sea_query::Value::from(value)));
                update.value(iden(&column.name), value);
            }
        }
        if !sets {
            return Ok(None);
        }
        update.cond_where(self.is_key(key));
        update.and_where(condition(self, scope)?);
        Ok(Some(self.dialect().update(&update)))
    }

    /// Deletes that row.
    ///
    /// # Errors
    /// As [`Table::find_within`].
    pub fn delete_within(&self, key: &Key, scope: &Filter) -> Result<Statement> {
        let mut delete = Query::delete();
        delete.from_table(self.iden());
        delete.cond_where(self.is_key(key));
        delete.and_where(condition(self, scope)?);
        Ok(self.dialect().delete(&delete))
    }
}
