//! Pages of all rows in the order of their key: the statements of a plain List, whose texts never change.

use std::sync::Arc;

use protoloop_core::Result;
use protoloop_repository::Query;

use crate::{Scalar, Selection, SqlValue, Table};

impl Table {
    /// The text and the values of a query, and the columns of its answer: as [`Table::select`], without making the text anew
    /// for a page of all rows in the order of the key.
    ///
    /// # Errors
    /// As [`Table::select`].
    pub fn select_page(
        &self,
        query: &Query,
    ) -> Result<(Arc<str>, Vec<SqlValue<'static>>, Selection)> {
        let Some(values) = self.page_values(query) else {
            let (statement, selection) = self.select(query)?;
            return Ok((statement.sql.into(), statement.values, selection));
        };
        let text = match query.after {
            None => &self.statements().first_page,
            Some(_) => &self.statements().next_page,
        };
        if let Some(sql) = text.get() {
            return Ok((Arc::clone(sql), values, Selection::all(self)));
        }
        let (statement, selection) = self.select(query)?;
        let sql: Arc<str> = statement.sql.into();
        if statement.values == values {
            // Another call may have made the same meanwhile.
            let _ = text.set(Arc::clone(&sql));
        }
        Ok((sql, statement.values, selection))
    }

    /// What a page binds: the key of the row before it, if there is one, and its size. `None` for other queries.
    fn page_values(&self, query: &Query) -> Option<Vec<SqlValue<'static>>> {
        let Query {
            filter: None,
            order,
            limit: Some(limit),
            skip: 0,
            after,
            fields: None,
        } = query
        else {
            return None;
        };
        let [key] = *self.key() else {
            return None;
        };
        let column = &self.columns()[key];
        if column.declared.is_some() || order != self.model().key_order() {
            return None;
        }
        let mut values = Vec::with_capacity(2);
        if let Some(cursor) = after {
            let [value] = &*cursor.values else {
                return None;
            };
            let value = Scalar::of(value)?;
            values.push(self.dialect().encode(column.storage, value).into_owned());
        }
        values.push(SqlValue::Int(i64::from(*limit)));
        Some(values)
    }
}
