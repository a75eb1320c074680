//! Orders, and places in them.

use protoloop_core::{Error, Result};
use protoloop_repository::{Cursor, Direction, OrderBy, OrderTerm, Value};
use sea_query::{Condition, Expr, ExprTrait, NullOrdering, Order, OrderedStatement};

use crate::{Table, property::Property};

/// Orders a query: nulls last ascending, first descending.
pub(crate) fn order_by(
    table: &Table,
    order: &OrderBy,
    select: &mut impl OrderedStatement,
) -> Result<()> {
    if order.is_related() {
        return Err(Error::unimplemented(
            "an order by related rows is not translated yet",
        ));
    }
    for term in order.terms() {
        let property = Property::new(table, &term.path)?;
        let (direction, nulls) = match term.direction {
            Direction::Ascending => (Order::Asc, NullOrdering::Last),
            Direction::Descending => (Order::Desc, NullOrdering::First),
        };
        let expr = property.ordered()?;
        if property.nullable {
            select.order_by_expr_with_nulls(expr, direction, nulls);
        } else {
            select.order_by_expr(expr, direction);
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

struct Term {
    same: Expr,
    /// `None` when nothing can be behind.
    behind: Option<Expr>,
    /// `None` when it says nothing, or would not help an index.
    not_before: Option<Expr>,
}

impl Term {
    fn new(table: &Table, term: &OrderTerm, value: &Value) -> Result<Self> {
        let property = Property::new(table, &term.path)?;
        let expr = property.ordered()?;
        let Some(operand) = property.operand(value) else {
            return Ok(Self {
                same: expr.clone().is_null(),
                behind: (term.direction == Direction::Descending).then(|| expr.is_not_null()),
                not_before: None,
            });
        };
        let behind = match term.direction {
            Direction::Ascending => {
                let greater = expr.clone().gt(operand.clone());
                if property.nullable {
                    greater.or(expr.clone().is_null())
                } else {
                    greater
                }
            }
            Direction::Descending => expr.clone().lt(operand.clone()),
        };
        let not_before = match term.direction {
            Direction::Ascending if property.nullable => None,
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
