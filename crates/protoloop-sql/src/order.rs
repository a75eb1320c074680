//! Orders, and places in them.

use protoloop_core::Result;
use protoloop_repository::{Cursor, Direction, Link, OrderBy, OrderTerm, PropertyPath, Value};
use sea_query::{
    Condition, Expr, ExprTrait, NullOrdering, Order, OrderedStatement, SubQueryStatement,
};

use crate::{Table, property::Property, source::Source};

/// Orders a query: nulls last ascending, first descending.
pub(crate) fn order_by(
    table: &Table,
    order: &OrderBy,
    select: &mut impl OrderedStatement,
) -> Result<()> {
    for term in order.terms() {
        let by = By::new(&Source::of(table), &term.via, &term.path)?;
        let (direction, nulls) = match term.direction {
            Direction::Ascending => (Order::Asc, NullOrdering::Last),
            Direction::Descending => (Order::Desc, NullOrdering::First),
        };
        if by.nullable {
            select.order_by_expr_with_nulls(by.expr, direction, nulls);
        } else {
            select.order_by_expr(by.expr, direction);
        }
    }
    Ok(())
}

/// The condition on rows behind a place: they are equal in some first terms and behind in the next.
pub(crate) fn behind(table: &Table, order: &OrderBy, cursor: &Cursor) -> Result<Expr> {
    if order.terms().len() != cursor.values.len() {
        return Err(table.broken("a cursor with other terms than its order"));
    }
    let mut terms = Vec::with_capacity(cursor.values.len());
    for (term, value) in order.terms().iter().zip(&cursor.values) {
        terms.push(Term::new(table, term, value)?);
    }
    let mut any = Condition::any();
    for (index, term) in terms.iter().enumerate() {
        let Some(behind) = &term.behind else { continue };
        let mut all = Condition::all();
        for before in &terms[..index] {
            all = all.add(before.same.clone());
        }
        any = any.add(all.add(behind.clone()));
    }
    if any.is_empty() {
        return Ok(Expr::val(false));
    }
    // What the first term must fulfil in any case lets an index find the place.
    Ok(
        match terms.first().and_then(|term| term.not_before.clone()) {
            Some(not_before) if terms.len() > 1 => Condition::all().add(not_before).add(any).into(),
            _ => any.into(),
        },
    )
}

/// What a term orders by.
struct By {
    expr: Expr,
    /// Whether it can be NULL.
    nullable: bool,
}

impl By {
    /// A property of the row, or of the one that to-one relations lead to.
    fn new(source: &Source<'_>, via: &[Link], path: &PropertyPath) -> Result<Self> {
        let Some((link, rest)) = via.split_first() else {
            let property = Property::at(source, path)?;
            return Ok(Self {
                expr: property.ordered()?,
                nullable: property.nullable,
            });
        };
        let select = source.follow(link, |target, select| {
            select.expr(Self::new(target, rest, path)?.expr);
            target.only_first(link, select);
            Ok(())
        })?;
        Ok(Self {
            expr: Expr::from(SubQueryStatement::from(select)),
            nullable: true,
        })
    }
}

/// What a term is compared with; `None` for null.
fn operand(
    source: &Source<'_>,
    via: &[Link],
    path: &PropertyPath,
    value: &Value,
) -> Result<Option<Expr>> {
    match via.split_first() {
        None => Property::at(source, path)?.ordered_operand(value),
        Some((link, rest)) => {
            let table = source.table().relative(link.target())?;
            operand(&Source::of(&table), rest, path, value)
        }
    }
}

struct Term {
    same: Expr,
    /// `None` when nothing can be behind.
    behind: Option<Expr>,
    /// `None` when it says nothing, or would not help an index.
    not_before: Option<Expr>,
}

impl Term {
    fn new(table: &Table, term: &OrderTerm, value: &Value) -> Result<Self> {
        let source = Source::of(table);
        let By { expr, nullable } = By::new(&source, &term.via, &term.path)?;
        let Some(operand) = operand(&source, &term.via, &term.path, value)? else {
            return Ok(Self {
                same: expr.clone().is_null(),
                behind: (term.direction == Direction::Descending).then(|| expr.is_not_null()),
                not_before: None,
            });
        };
        let behind = match term.direction {
            Direction::Ascending => {
                let greater = expr.clone().gt(operand.clone());
                if nullable {
                    greater.or(expr.clone().is_null())
                } else {
                    greater
                }
            }
            Direction::Descending => expr.clone().lt(operand.clone()),
        };
        let not_before = match term.direction {
            Direction::Ascending if nullable => None,
            Direction::Ascending => Some(expr.clone().gte(operand.clone())),
            Direction::Descending => Some(expr.clone().lte(operand.clone())),
        };
        Ok(Self {
            same: expr.eq(operand),
            behind: Some(behind),
            not_before,
        })
    }
}
