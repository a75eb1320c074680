//! Rows by the keys that they belong to.

#[cfg(test)]
mod tests;

use protoloop_core::Result;
use protoloop_repository::{GroupBy, GroupQuery, KeyValue, LinkedBy, Model};
use sea_query::{
    Alias, Condition, DynIden, Expr, ExprTrait, IntoIden, JoinType, OverStatement as _,
    SelectStatement, WindowStatement,
};

use crate::{
    Column, Scalar, Selection, SqlRow, Statement, Storage, Table, condition::condition, order,
    table::iden,
};

/// Names that no field has: each begins with an underscore.
const GROUP: &str = "_group";
const OTHER: &str = "_other";
const PLACE: &str = "_place";
const LINK: &str = "_link";
const RANKED: &str = "_ranked";

impl Table {
    /// The statement that finds the rows of some of the keys of a query, and the columns of its answer. Behind these
    /// stands the key, which [`Table::group_of`] reads.
    ///
    /// With the number of keys rounded up to a power of two there are few different texts, which keeps prepared
    /// statements useful.
    ///
    /// # Errors
    /// As [`Table::select`].
    pub fn select_grouped(
        &self,
        query: &GroupQuery,
        keys: &[KeyValue],
    ) -> Result<(Statement, Selection)> {
        let selection = self.selection(&query.query);
        let mut select = match query.is_limited() {
            // Read by their names, one SELECT further out.
            true => self.select_named(&selection),
            false => self.select_from(&selection),
        };
        let group = match &query.by {
            GroupBy::Field(number) => {
                select.and_where(self.is_one_of(*number, keys)?);
                self.stored_column(*number)?
                    .read(self.column_expr(*number)?)
            }
            GroupBy::Through(linked) => {
                let links = self.join_links(&mut select, linked, keys)?;
                let column = links.stored_column(linked.key)?;
                column.read(Expr::col((iden(LINK), iden(GROUP))))
            }
        };
        select.expr_as(group.clone(), Alias::new(GROUP));
        if let Some(filter) = &query.query.filter {
            select.and_where(condition(self, filter)?);
        }
        let select = if query.is_limited() {
            self.ranked(query, &selection, select, group)?
        } else {
            order::order_by(self, &query.query.order, &mut select)?;
            select
        };
        let mut statement = self.dialect().select(&select);
        if let Some(most) = query.most {
            // Not bound: PostgreSQL takes a bound limit for a tenth of the rows, and then reads the whole table in order
            // instead of the keys' rows. A power of two, so that there are few texts.
            let limit = (u64::from(most) + 1).next_power_of_two();
            statement.sql.push_str(&format!(" LIMIT {limit}"));
        }
        Ok((statement, selection))
    }

    /// The key that a row of [`Table::select_grouped`] belongs to.
    ///
    /// # Errors
    /// INTERNAL when the database holds what can be no key.
    pub fn group_of<R: SqlRow + ?Sized>(
        &self,
        query: &GroupQuery,
        selection: &Selection,
        row: &R,
    ) -> Result<KeyValue> {
        let value = row.value(selection.columns(self).count())?;
        let (model, number) = query.key_field(self.model());
        let found = match &query.by {
            GroupBy::Field(_) => self.stored_column(number)?.decode(self.dialect(), &value),
            GroupBy::Through(_) => self
                .dialect()
                .decode(self.storage_of(model, number)?, &value),
        };
        let key = match found {
            Some(Scalar::Int(number)) => KeyValue::Int(number),
            Some(Scalar::Uint(number)) => KeyValue::Uint(number),
            Some(Scalar::Text(text)) => KeyValue::String(text.into()),
            Some(Scalar::Bytes(bytes)) => KeyValue::Bytes(bytes.into()),
            _ => return Err(self.broken("a key that is none")),
        };
        Ok(key)
    }

    /// Joins the rows with those that link them to the keys, each pair once.
    fn join_links(
        &self,
        select: &mut SelectStatement,
        linked: &LinkedBy,
        keys: &[KeyValue],
    ) -> Result<Self> {
        let links = Self::new(&linked.model, self.dialect())?;
        let mut pairs = SelectStatement::new();
        pairs
            .distinct()
            .expr_as(links.column_expr(linked.key)?, Alias::new(GROUP))
            .expr_as(links.column_expr(linked.other)?, Alias::new(OTHER))
            .from(links.iden())
            .and_where(links.is_one_of(linked.key, keys)?);
        pairs.and_where(condition(&links, &linked.scope)?);
        let [key] = *self.key() else {
            return Err(self.broken("linked by a key of several fields"));
        };
        let own = Expr::col((self.iden(), iden(&self.columns()[key].name)));
        let other = Expr::col((iden(LINK), iden(OTHER)));
        select.join_subquery(
            JoinType::InnerJoin,
            pairs,
            Alias::new(LINK),
            Condition::all().add(own.eq(other)),
        );
        Ok(links)
    }

    /// Numbers the rows of each key, and takes those at the places that are asked for.
    fn ranked(
        &self,
        query: &GroupQuery,
        selection: &Selection,
        mut inner: SelectStatement,
        group: Expr,
    ) -> Result<SelectStatement> {
        let mut window = WindowStatement::new();
        window.add_partition_by(group);
        order::order_by(self, &query.query.order, &mut window)?;
        inner.expr_window_as(Expr::cust("ROW_NUMBER()"), window, Alias::new(PLACE));
        let place = || Expr::col(Alias::new(PLACE));
        let bound = |number: u64| Expr::val(i64::try_from(number).unwrap_or(i64::MAX));
        let columns = selection.columns(self).map(|column| iden(&column.name));
        let columns: Vec<DynIden> = columns.chain([Alias::new(GROUP).into_iden()]).collect();
        let mut select = SelectStatement::new();
        select
            .columns(columns)
            .from_subquery(inner, Alias::new(RANKED));
        let skip = query.query.skip;
        if skip > 0 {
            select.and_where(place().gt(bound(skip)));
        }
        if let Some(limit) = query.query.limit {
            select.and_where(place().lte(bound(skip.saturating_add(limit.into()))));
        }
        select.order_by(Alias::new(PLACE), sea_query::Order::Asc);
        Ok(select)
    }

    fn stored_column(&self, number: u32) -> Result<&Column> {
        self.column(number)
            .ok_or_else(|| self.broken("grouped by what is no column"))
    }

    fn column_expr(&self, number: u32) -> Result<Expr> {
        let column = self.stored_column(number)?;
        Ok(Expr::col((self.iden(), iden(&column.name))))
    }

    fn is_one_of(&self, number: u32, keys: &[KeyValue]) -> Result<Expr> {
        let column = self.stored_column(number)?;
        let padding = keys.len().next_power_of_two() - keys.len();
        let padded = keys
            .iter()
            .chain(keys.last().into_iter().cycle().take(padding));
        let values = padded.map(|key| {
            let value = column.encode_key(self.dialect(), Scalar::of_key(key));
            column.bind(Expr::val(sea_query::Value::from(value)))
        });
        Ok(self.column_expr(number)?.is_in(values))
    }

    fn storage_of(&self, model: &Model, number: u32) -> Result<Storage> {
        model
            .column_property(number)
            .map(|path| Storage::of(path.leaf()))
            .ok_or_else(|| self.broken("grouped by what is no column"))
    }
}
