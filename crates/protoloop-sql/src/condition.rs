//! Filters as conditions.

use protoloop_core::Result;
use protoloop_repository::{CompareOp, Element, Filter, LeafKind, PropertyPath, Value};
use sea_query::{Condition, Expr, ExprTrait};

use crate::{
    Table,
    like::{Like, above_prefix},
    property::Property,
    source::{Source, add},
};

/// The condition of a filter. It is true exactly for the rows that the filter selects; for others false or null.
pub(crate) fn condition(table: &Table, filter: &Filter) -> Result<Expr> {
    condition_in(&Source::of(table), filter)
}

/// The same for a table under an alias.
pub(crate) fn condition_in(source: &Source<'_>, filter: &Filter) -> Result<Expr> {
    Ok(match filter {
        Filter::True => Expr::val(true),
        Filter::False => Expr::val(false),
        Filter::And(parts) => all(&Condition::all(), source, parts)?,
        Filter::Or(parts) => all(&Condition::any(), source, parts)?,
        Filter::Not(inner) => source.dialect().is_not_true(condition_in(source, inner)?),
        Filter::Has { path } => Property::at(source, path)?.is_present(),
        Filter::Compare { path, op, value } => compare(source, path, *op, value)?,
        Filter::In { path, values } => is_in(source, path, values)?,
        Filter::Like {
            path,
            pattern,
            folded,
        } => like(source, path, &Like::new(pattern, folded.as_ref()))?,
        Filter::Regexp { path, pattern } => {
            let text = Property::at(source, path)?.text();
            source.dialect().regexp(text, pattern.as_str())
        }
        Filter::Contains { value, .. } if !can_be(source, value) => Expr::val(false),
        Filter::Contains { path, value } => Property::at(source, path)?.contains(value)?,
        Filter::ContainedBy { path, values } => {
            let values = values.iter().filter(|value| can_be(source, value));
            Property::at(source, path)?.is_contained(values)?
        }
        Filter::Length { path, op, value } => length(source, path, *op, *value)?,
        Filter::Element(element) => some_element(source, element)?,
        Filter::Related(related) => {
            let select = source.follow(&related.link, |target, select| {
                select.expr(Expr::cust("1"));
                add(select, target, &related.filter)
            })?;
            Expr::exists(select)
        }
    })
}

/// Lists inside of lists have aliases of their own, so an element may be looked at for further ones.
fn some_element(source: &Source<'_>, element: &Element) -> Result<Expr> {
    let LeafKind::Message(message) = element.list.leaf().kind else {
        return Err(source.table().broken("elements that are no messages"));
    };
    let list = Property::at(source, &element.list)?.json();
    let (alias, elements) = source.elements(&list, message);
    let condition = condition_in(&elements, &element.filter)?;
    Ok(source.dialect().json_some(list, &alias, condition))
}

/// Most conditions that stand side by side; more are put into groups. sea-query goes down by one call for each.
const ABREAST: usize = 16;

fn all(empty: &Condition, source: &Source<'_>, parts: &[Filter]) -> Result<Expr> {
    if parts.is_empty() {
        // AND of nothing is true, OR of nothing is false.
        return Ok(Expr::val(*empty == Condition::all()));
    }
    let conditions = parts.iter().map(|part| condition_in(source, part));
    let mut conditions: Vec<Expr> = conditions.collect::<Result<_>>()?;
    let join = |some: &[Expr]| -> Expr {
        let joined = some.iter().cloned().fold(empty.clone(), Condition::add);
        joined.into()
    };
    while conditions.len() > ABREAST {
        conditions = conditions.chunks(ABREAST).map(join).collect();
    }
    Ok(join(&conditions))
}

/// Whether a stored value can be this one.
fn can_be(source: &Source<'_>, value: &Value) -> bool {
    match value {
        Value::String(text) => source.dialect().holds_text(text),
        _ => true,
    }
}

/// A comparison with a text that no stored one can be: it stands behind those that begin as it does until there.
fn compare_with_none(
    source: &Source<'_>,
    path: &PropertyPath,
    op: CompareOp,
    value: &Value,
) -> Result<Expr> {
    let begin = match value {
        Value::String(text) => text.split('\0').next().unwrap_or_default(),
        _ => "",
    };
    let op = match op {
        CompareOp::Eq => return Ok(Expr::val(false)),
        CompareOp::Ne => return Ok(Expr::val(true)),
        CompareOp::Lt | CompareOp::Le => CompareOp::Le,
        CompareOp::Gt | CompareOp::Ge => CompareOp::Gt,
    };
    compare(source, path, op, &Value::String(begin.to_owned()))
}

fn compare(source: &Source<'_>, path: &PropertyPath, op: CompareOp, value: &Value) -> Result<Expr> {
    if !can_be(source, value) {
        return compare_with_none(source, path, op, value);
    }
    let property = Property::at(source, path)?;
    // Nothing equals NaN or compares with it, so everything differs from it.
    let is_nan = matches!(value, Value::F64(value) if value.is_nan());
    let operand = match op {
        CompareOp::Eq | CompareOp::Ne => property.operand(value)?,
        _ => property.ordered_operand(value)?,
    };
    let Some(operand) = operand.filter(|_| !is_nan) else {
        return Ok(Expr::val(op == CompareOp::Ne));
    };
    let below_nan = |expr: Expr, number: Expr| {
        if property.storage().is_float() {
            expr.and(source.dialect().is_below_nan(number))
        } else {
            expr
        }
    };
    Ok(match op {
        CompareOp::Eq if property.is_default(value) => property.comparable().eq(operand),
        CompareOp::Eq => {
            let equal = property.comparable_set().eq(operand);
            property.by_index(property.by_own_rule(equal, &[value]))
        }
        CompareOp::Ne if property.nullable => {
            source.dialect().is_distinct(property.comparable(), operand)
        }
        CompareOp::Ne => property.comparable().ne(operand),
        CompareOp::Lt => property.ordered()?.lt(operand),
        CompareOp::Le => property.ordered()?.lte(operand),
        CompareOp::Gt => below_nan(property.ordered()?.gt(operand), property.ordered()?),
        CompareOp::Ge => below_nan(property.ordered()?.gte(operand), property.ordered()?),
    })
}

fn is_in(source: &Source<'_>, path: &PropertyPath, values: &[Value]) -> Result<Expr> {
    let property = Property::at(source, path)?;
    let mut operands = Vec::with_capacity(values.len());
    for value in values {
        let is_nan = matches!(value, Value::F64(value) if value.is_nan());
        if !is_nan && can_be(source, value) {
            operands.extend(property.operand(value)?);
        }
    }
    if operands.is_empty() {
        return Ok(Expr::val(false));
    }
    let values: Vec<&Value> = values
        .iter()
        .filter(|value| can_be(source, value))
        .collect();
    let any_row = values.iter().any(|value| property.is_default(value));
    Ok(if any_row {
        property.comparable().is_in(operands)
    } else {
        let among = property.comparable_set().is_in(operands);
        property.by_index(property.by_own_rule(among, &values))
    })
}

fn like(source: &Source<'_>, path: &PropertyPath, like: &Like) -> Result<Expr> {
    let property = Property::at(source, path)?;
    let text = property.text();
    Ok(match like {
        Like::Any if property.nullable => text.is_not_null(),
        Like::Any => Expr::val(true),
        Like::Exact(text) | Like::Prefix(text) if !source.dialect().holds_text(text) => {
            Expr::val(false)
        }
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
        Like::Regex(regex) => source.dialect().regexp(text, regex),
    })
}

/// A length below an absent message is null, which differs from every number.
fn length(source: &Source<'_>, path: &PropertyPath, op: CompareOp, value: u64) -> Result<Expr> {
    let length = Property::at(source, path)?.length();
    // No list is longer.
    let value = Expr::val(i64::try_from(value).unwrap_or(i64::MAX));
    Ok(match op {
        CompareOp::Eq => length.eq(value),
        CompareOp::Ne => source.dialect().is_distinct(length, value),
        CompareOp::Lt => length.lt(value),
        CompareOp::Le => length.lte(value),
        CompareOp::Gt => length.gt(value),
        CompareOp::Ge => length.gte(value),
    })
}
