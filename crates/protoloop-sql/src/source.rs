//! The tables that a statement reads, under the names that it has for them.

#[cfg(test)]
mod tests;

use protoloop_core::{Error, Result};
use protoloop_repository::{Filter, Join, Link};
use protoloop_schema::MessageId;
use sea_query::{Condition, DynIden, Expr, ExprTrait, Order, SelectStatement};

use crate::{Dialect, Table, condition::condition_in, table::iden};

/// A table in a statement: that of the statement itself under its own name, or one of related rows under an alias.
#[derive(Clone)]
pub(crate) struct Source<'a> {
    table: &'a Table,
    alias: Option<DynIden>,
    /// How many relations and lists lead to it.
    depth: usize,
    /// Set for the elements of a list inside a row of the table.
    element: Option<Element>,
}

/// An element of a list of messages.
#[derive(Clone)]
pub(crate) struct Element {
    pub(crate) json: Expr,
    pub(crate) message: MessageId,
}

impl<'a> Source<'a> {
    /// The table of the statement.
    pub(crate) fn of(table: &'a Table) -> Self {
        Self {
            table,
            alias: None,
            depth: 0,
            element: None,
        }
    }

    pub(crate) fn table(&self) -> &'a Table {
        self.table
    }

    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        self.table.dialect()
    }

    /// A column, as short as the place allows.
    pub(crate) fn column(&self, name: DynIden) -> Expr {
        match &self.alias {
            Some(alias) => Expr::col((alias.clone(), name)),
            None => Expr::col(name),
        }
    }

    /// A column with the table in front, which tells it from those of tables further in and of functions that read JSON.
    pub(crate) fn qualified(&self, name: DynIden) -> Expr {
        let table = self.alias.clone().unwrap_or_else(|| self.table.iden());
        Expr::col((table, name))
    }

    pub(crate) fn is_aliased(&self) -> bool {
        self.alias.is_some()
    }

    /// The column of a field that relations join by.
    fn joined(&self, field: u32) -> Result<Expr> {
        let column = self.table.column(field);
        let column = column.ok_or_else(|| self.table.broken("a relation without its column"))?;
        Ok(self.qualified(iden(&column.name)))
    }

    fn inside<'b>(&self, table: &'b Table, alias: &str) -> Source<'b> {
        Source {
            table,
            alias: Some(iden(alias)),
            depth: self.depth + 1,
            element: None,
        }
    }

    /// The elements of a list.
    pub(crate) fn elements(&self, list: &Expr, message: MessageId) -> (String, Self) {
        let alias = format!("_e{}", self.depth + 1);
        let element = Element {
            json: self.dialect().json_element(list, &alias),
            message,
        };
        let source = Self {
            depth: self.depth + 1,
            element: Some(element),
            ..self.clone()
        };
        (alias, source)
    }

    pub(crate) fn element(&self) -> Option<&Element> {
        self.element.as_ref()
    }

    fn alias(&self) -> DynIden {
        self.alias.clone().unwrap_or_else(|| self.table.iden())
    }

    /// A SELECT, without columns yet, of the rows that a relation leads to from the current row of this table. `with`
    /// gets the table of those rows.
    pub(crate) fn follow(
        &self,
        link: &Link,
        with: impl FnOnce(&Source<'_>, &mut SelectStatement) -> Result<()>,
    ) -> Result<SelectStatement> {
        let table = self.table.relative(link.target())?;
        let target = self.inside(&table, &format!("_{}", self.depth + 1));
        let mut select = SelectStatement::new();
        match link.join() {
            Join::Field { own, target: field } => {
                select.from_as(table.iden(), target.alias());
                select.and_where(target.joined(*field)?.eq(self.joined(*own)?));
            }
            Join::List { own, target: field } => {
                select.from_as(table.iden(), target.alias());
                let storage = table.column(*field).map(|column| column.storage);
                let storage =
                    storage.ok_or_else(|| table.broken("a relation without its column"))?;
                let (list, key) = (self.joined(*own)?, target.joined(*field)?);
                let has = self.dialect().json_has_element(list, storage, key);
                select.and_where(has.ok_or_else(|| {
                    let (name, dialect) = (link.name(), self.dialect().name());
                    Error::unimplemented(format!(
                        "{dialect} cannot follow the list of ids of `{name}`"
                    ))
                })?);
            }
            Join::Through {
                own,
                through,
                through_own,
                through_target,
                target: field,
                scope,
            } => {
                let links = self.table.relative(through)?;
                let linking = self.inside(&links, &format!("_{}_link", self.depth + 1));
                select.from_as(links.iden(), linking.alias());
                select.from_as(table.iden(), target.alias());
                select.and_where(linking.joined(*through_own)?.eq(self.joined(*own)?));
                let joined = linking.joined(*through_target)?;
                select.and_where(target.joined(*field)?.eq(joined));
                add(&mut select, &linking, scope)?;
            }
        }
        if let Some((path, value)) = link.told() {
            select.and_where(self.joined(path.column())?.eq(value));
        }
        add(&mut select, &target, &link.scope)?;
        with(&target, &mut select)?;
        Ok(select)
    }

    /// Lets a SELECT of a to-one relation give one row, also where no unique index has kept others out.
    pub(crate) fn only_first(&self, link: &Link, select: &mut SelectStatement) {
        let key = self.table.key();
        let by_key = match link.join() {
            Join::Field { target, .. } => {
                matches!(*key, [index] if self.table.columns()[index].number == *target)
            }
            _ => false,
        };
        if by_key {
            return;
        }
        for index in key {
            let name = iden(&self.table.columns()[*index].name);
            select.order_by_expr(self.qualified(name), Order::Asc);
        }
        select.limit(1);
    }
}

/// Adds a filter to the conditions of a SELECT.
pub(crate) fn add(
    select: &mut SelectStatement,
    source: &Source<'_>,
    filter: &Filter,
) -> Result<()> {
    if *filter != Filter::True {
        select.cond_where(Condition::all().add(condition_in(source, filter)?));
    }
    Ok(())
}
