//! Filters as conditions.

use protoloop_core::{Error, Result};
use protoloop_repository::{CompareOp, Filter, PropertyPath, Value};
use sea_query::{Condition, Expr, ExprTrait};

use crate::{
    Table,
    like::{Like, above_prefix},
    property::Property,
};

/// The condition of a filter. It is true exactly for the rows that the filter selects; for others false or null.
pub(crate) fn condition(table: &Table, filter: &Filter) -> Result<Expr> {
    Ok(match filter {
        Filter::True => Expr::val(true),
        Filter::False => Expr::val(false),
        Filter::And(parts) => all(Condition::all(), table, parts)?,
        Filter::Or(parts) => all(Condition::any(), table, parts)?,
        Filter::Not(inner) => table.dialect().is_not_true(condition(table, inner)?),
        Filter::Has { path } => Property::new(table, path)?.is_present(),
        Filter::Compare { path, op, value } => compare(table, path, *op, value)?,
        Filter::In { path, values } => is_in(table, path, values)?,
        Filter::Like {
            path,
            pattern,
            folded,
        } => like(table, path, &Like::new(pattern, folded.as_ref()))?,
        Filter::Regexp { path, pattern } => {
            let text = Property::new(table, path)?.comparable();
            table.dialect().regexp(text, pattern.as_str())
        }
        Filter::Contains { path, value } => Property::new(table, path)?.contains(value)?,
        Filter::ContainedBy { .. } | Filter::Length { .. } | Filter::Related(_) => {
            return Err(Error::unimplemented("this condition is not translated yet"));
        }
    })
}

fn all(empty: Condition, table: &Table, parts: &[Filter]) -> Result<Expr> {
    if parts.is_empty() {
        // AND of nothing is true, OR of nothing is false.
        return Ok(Expr::val(empty == Condition::all()));
    }
    let mut condition_of_all = empty;
    for part in parts {
        condition_of_all = condition_of_all.add(condition(table, part)?);
    }
    Ok(condition_of_all.into())
}

fn compare(table: &Table, path: &PropertyPath, op: CompareOp, value: &Value) -> Result<Expr> {
    let property = Property::new(table, path)?;
    // Nothing equals NaN or compares with it, so everything differs from it.
    let is_nan = matches!(value, Value::F64(value) if value.is_nan());
    let operand = property.operand(value).filter(|_| !is_nan);
    let Some(operand) = operand else {
        return Ok(Expr::val(op == CompareOp::Ne));
    };
    let below_nan = |expr: Expr, number: Expr| {
        if property.storage().is_float() {
            expr.and(table.dialect().is_below_nan(number))
        } else {
            expr
        }
    };
    Ok(match op {
        CompareOp::Eq if property.is_default(value) => property.comparable().eq(operand),
        CompareOp::Eq => property.by_index(property.comparable().eq(operand)),
        CompareOp::Ne if property.nullable => {
            table.dialect().is_distinct(property.comparable(), operand)
        }
        CompareOp::Ne => property.comparable().ne(operand),
        CompareOp::Lt => property.ordered()?.lt(operand),
        CompareOp::Le => property.ordered()?.lte(operand),
        CompareOp::Gt => below_nan(property.ordered()?.gt(operand), property.ordered()?),
        CompareOp::Ge => below_nan(property.ordered()?.gte(operand), property.ordered()?),
    })
}

fn is_in(table: &Table, path: &PropertyPath, values: &[Value]) -> Result<Expr> {
    let property = Property::new(table, path)?;
    let operands: Vec<Expr> = values
        .iter()
        .filter(|value| !matches!(value, Value::F64(value) if value.is_nan()))
        .filter_map(|value| property.operand(value))
        .collect();
    if operands.is_empty() {
        return Ok(Expr::val(false));
    }
    let is_in = property.comparable().is_in(operands);
    let any_row = values.iter().any(|value| property.is_default(value));
    Ok(if any_row {
        is_in
    } else {
        property.by_index(is_in)
    })
}

fn like(table: &Table, path: &PropertyPath, like: &Like) -> Result<Expr> {
    let property = Property::new(table, path)?;
    let text = property.comparable();
    Ok(match like {
        Like::Any if property.nullable => text.is_not_null(),
        Like::Any => Expr::val(true),
        Like::Exact(exact) if exact.is_empty() => text.eq(""),
        Like::Exact(exact) => property.by_index(text.eq(exact.as_str())),
        // A prefix is not empty: that would be any text.
        Like::Prefix(prefix) => {
            let from = text.clone().gte(prefix.as_str());
            property.by_index(match above_prefix(prefix) {
                Some(above) => from.and(text.lt(above)),
                None => from,
            })
        }
        Like::Regex(regex) => table.dialect().regexp(text, regex),
    })
}
