//! Queries as SELECT.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use protoloop_core::Result;
use protoloop_repository::{Filter, Join, Key, Link, Query, Value};
use sea_query::{Condition, Expr, ExprTrait, SelectStatement};

use crate::{
    Column, Scalar, SqlValue, Statement, Table,
    condition::condition,
    order,
    source::{self, Source},
    table::iden,
};

/// The columns that a query reads, as positions in [`Table::columns`], ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection(Vec<usize>);

impl Selection {
    pub(crate) fn all(table: &Table) -> Self {
        Self((0..table.columns().len()).collect())
    }

    /// The columns, in the order of the answer.
    pub fn columns<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a Column> {
        self.0
            .iter()
            .filter_map(|index| table.columns().get(*index))
    }
}

impl Table {
    /// The statement of a query, and the columns of its answer.
    ///
    /// # Errors
    /// UNIMPLEMENTED for an order that the database cannot keep; INTERNAL when the query is not one of this model.
    pub fn select(&self, query: &Query) -> Result<(Statement, Selection)> {
        let selection = self.selection(query);
        let mut select = self.select_from(&selection);
        if let Some(filter) = &query.filter {
            select.and_where(condition(self, filter)?);
        }
        if let Some(cursor) = &query.after {
            select.and_where(order::behind(self, &query.order, cursor)?);
        }
        order::order_by(self, &query.order, &mut select)?;
        if let Some(limit) = query.limit {
            select.limit(u64::from(limit));
        } else if query.skip > 0 {
            // OFFSET needs a LIMIT before it.
            select.limit(u64::MAX);
        }
        if query.skip > 0 {
            select.offset(query.skip);
        }
        Ok((self.dialect().select(&select), selection))
    }

    /// The statement that counts the rows of a filter: one row, one integer.
    ///
    /// # Errors
    /// As [`Table::select`].
    pub fn count(&self, filter: Option<&Filter>) -> Result<Statement> {
        let mut select = SelectStatement::new();
        select.expr(Expr::cust("COUNT(*)")).from(self.iden());
        if let Some(filter) = filter {
            select.and_where(condition(self, filter)?);
        }
        Ok(self.dialect().select(&select))
    }

    /// The statement that reads all columns of the row that a to-one relation leads to from a row of this table, and the
    /// table of that row; `None` where the relation's key is null. Of several rows the first by key counts.
    ///
    /// # Errors
    /// INTERNAL when the relation is not one of this model; as [`Table::select`] for its scope.
    pub fn select_linked(&self, link: &Link, row: &[u8]) -> Result<Option<(Statement, Arc<Self>)>> {
        let Join::Field { own, target: field } = *link.join() else {
            return Err(self.broken("a place behind a relation to many rows"));
        };
        let is_told = link.told().is_none_or(|(path, value)| {
            self.model().value_of(row, path) == Value::String(value.to_owned())
        });
        if !is_told {
            return Ok(None);
        }
        let own = self.model().column_property(own);
        let own = own.ok_or_else(|| self.broken("a relation without its key"))?;
        let value = self.model().value_of(row, &own);
        let table = self.relative(link.target())?;
        let column = table.column(field);
        let column = column.ok_or_else(|| self.broken("a relation without its column"))?;
        let Some(scalar) = Scalar::of(&value) else {
            return Ok(None);
        };
        let operand = column.encode(self.dialect(), scalar).into_owned();
        let mut select = table.select_from(&Selection((0..table.columns().len()).collect()));
        let key = Expr::col(iden(&column.name));
        select.and_where(key.eq(column.bind(Expr::val(sea_query::Value::from(operand)))));
        let source = Source::of(&table);
        source::add(&mut select, &source, &link.scope)?;
        source.only_first(link, &mut select);
        let statement = self.dialect().select(&select);
        Ok(Some((statement, table)))
    }

    /// The statement that reads all columns of the rows of some keys, in no order. With the number of keys rounded up
    /// to a power of two there are few different texts, which keeps prepared statements useful.
    #[must_use]
    pub fn select_keys(&self, keys: &[&Key]) -> (Arc<str>, Vec<SqlValue<'static>>) {
        let size = keys.len().next_power_of_two();
        let text = self
            .statements()
            .by_keys
            .get(size.trailing_zeros() as usize);
        let values = || {
            let last = keys.last().copied().into_iter().cycle();
            let keys = keys.iter().copied().chain(last).take(size);
            let values = keys.flat_map(|key| self.key_values(key));
            values.map(SqlValue::into_owned).collect()
        };
        match text.map(|text| (text, text.get())) {
            Some((_, Some(text))) => (Arc::clone(text), values()),
            other => {
                let statement = self.select_keys_once(keys);
                let sql: Arc<str> = statement.sql.into();
                if let Some((text, _)) = other {
                    // Another call may have made the same meanwhile.
                    let _ = text.set(Arc::clone(&sql));
                }
                (sql, statement.values)
            }
        }
    }

    /// The same, and keeps the rows from being removed until the transaction ends.
    #[must_use]
    pub fn hold_keys(&self, keys: &[&Key]) -> (Arc<str>, Vec<SqlValue<'static>>) {
        let (sql, values) = self.select_keys(keys);
        let holding = self.dialect().holding();
        (format!("{sql}{holding}").into(), values)
    }

    /// The same for those rows only that fulfil a condition.
    ///
    /// # Errors
    /// INTERNAL when the condition is not one of this model.
    pub fn select_keys_within(&self, keys: &[&Key], scope: &Filter) -> Result<Statement> {
        let mut select = self.select_by_keys(keys);
        select.and_where(condition(self, scope)?);
        Ok(self.dialect().select(&select))
    }

    fn select_keys_once(&self, keys: &[&Key]) -> Statement {
        self.dialect().select(&self.select_by_keys(keys))
    }

    fn select_by_keys(&self, keys: &[&Key]) -> SelectStatement {
        let selection = Selection::all(self);
        let mut select = self.select_from(&selection);
        let last = keys.last().copied();
        let padding = keys.len().next_power_of_two() - keys.len();
        let keys = keys
            .iter()
            .copied()
            .chain(last.into_iter().cycle().take(padding));
        select.and_where(match *self.key() {
            [index] => {
                let values = keys.flat_map(|key| self.key_values(key));
                let column = &self.columns()[index];
                let values =
                    values.map(|value| column.bind(Expr::val(sea_query::Value::from(value))));
                Expr::col(iden(&column.name)).is_in(values)
            }
            _ => {
                let any = keys.fold(Condition::any(), |any, key| any.add(self.is_key(key)));
                any.into()
            }
        });
        select
    }

    pub(crate) fn is_key(&self, key: &Key) -> Condition {
        let values = self.key_values(key);
        let pairs = self.key().iter().zip(values);
        pairs.fold(Condition::all(), |all, (index, value)| {
            let column = &self.columns()[*index];
            let value = column.bind(Expr::val(sea_query::Value::from(value)));
            all.add(Expr::col(iden(&column.name)).eq(value))
        })
    }

    pub(crate) fn select_from(&self, selection: &Selection) -> SelectStatement {
        let mut select = SelectStatement::new();
        for column in selection.columns(self) {
            select.expr(column.read(Expr::col(iden(&column.name))));
        }
        select.from(self.iden());
        select
    }

    /// The same, in which every column of the answer has the name of its own.
    pub(crate) fn select_named(&self, selection: &Selection) -> SelectStatement {
        let mut select = SelectStatement::new();
        for column in selection.columns(self) {
            let name = iden(&column.name);
            match &column.declared {
                Some(declared) => select.expr_as(declared.read(Expr::col(name.clone())), name),
                None => select.column(name),
            };
        }
        select.from(self.iden());
        select
    }

    /// The columns asked for, the key's and the order's.
    pub(crate) fn selection(&self, query: &Query) -> Selection {
        let ordered = |number: u32| {
            let mut terms = query.order.terms().iter();
            terms.any(|term| term.column() == number)
        };
        let wanted = |(index, column): &(usize, &Column)| {
            query.fields.as_ref().is_none_or(|fields| {
                fields.contains(&column.number)
                    || self.key().contains(index)
                    || ordered(column.number)
            })
        };
        let columns = self.columns().iter().enumerate();
        Selection(columns.filter(wanted).map(|(index, _)| index).collect())
    }
}
