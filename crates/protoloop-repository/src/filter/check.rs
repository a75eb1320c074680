//! From the syntax of AIP-160 to a filter whose every name and value fits the model.

use std::sync::Arc;

use super::{
    CompareOp, Filter, FilterError,
    condition::{Condition, Elements, Quantifier, is_ordered},
    functions, json, limits, literal,
    syntax::{self, Arg, Comparator, Expr, Name},
};
use crate::{LeafKind, LeafShape, Model, PropertyPath, Value, resolve::Resolved};

impl Filter {
    /// Parses a filter in AIP-160 syntax and checks it against a model. A blank text is [`Filter::True`].
    ///
    /// It is extended by functions: `like(f, "…")`, `ilike(f, "…")`, `regexp(f, "…")`, `contains(f, …)`,
    /// `containsAny(f, …)`, `containedBy(f, …)`, `length(f) > 2`, and over related rows `some(r, …)`, `every(r, …)`,
    /// `none(r, …)`. A text that begins with `{` is a LoopBack filter object, which must have nothing but `where`.
    ///
    /// # Errors
    /// [`FilterError`] with the column: bad syntax, an unknown, hidden or not filterable property, a value that is not
    /// of the property's type, an operator that the type does not have, a text above the bounds.
    pub fn parse(model: &Model, text: &str) -> Result<Self, FilterError> {
        if json::is_json(text) {
            return json::only_where(model, text);
        }
        match syntax::parse(text)? {
            None => Ok(Self::True),
            Some(expression) => Checker {
                conditions: limits::CONDITIONS,
                relations: limits::RELATIONS,
            }
            .expr(model, &expression),
        }
    }
}

pub(super) struct Checker {
    /// How many more conditions are allowed.
    conditions: usize,
    /// How many more relations.
    relations: usize,
}

impl Checker {
    fn expr(&mut self, model: &Model, expression: &Expr) -> Result<Filter, FilterError> {
        Ok(match expression {
            Expr::And(parts) => Filter::And(self.exprs(model, parts)?),
            Expr::Or(parts) => Filter::Or(self.exprs(model, parts)?),
            Expr::Not(inner) => Filter::Not(Box::new(self.expr(model, inner)?)),
            Expr::Function {
                name,
                args,
                comparison,
            } => functions::check(self, model, name, args, comparison.as_ref())?,
            Expr::Related {
                name,
                member,
                inner,
            } => self.related(model, name, member, inner)?,
            Expr::Restriction { member, comparison } => {
                let found = self.resolve(model, member)?;
                let Some((comparator, arg)) = comparison else {
                    return Err(bare(member));
                };
                self.restriction(model, &found, *comparator, arg)?
            }
        })
    }

    fn exprs(&mut self, model: &Model, parts: &[Expr]) -> Result<Vec<Filter>, FilterError> {
        parts.iter().map(|part| self.expr(model, part)).collect()
    }

    /// Where a member leads; counts a condition.
    pub(super) fn resolve(
        &mut self,
        model: &Model,
        member: &[Name],
    ) -> Result<Resolved, FilterError> {
        let column = member.first().map_or(1, |name| name.column);
        self.spend(column)?;
        let found = model.resolve(member).map_err(|error| {
            let at = member.get(error.segment).map_or(column, |name| name.column);
            FilterError::new(at, error.message)
        })?;
        let left = self.relations.checked_sub(found.via.len());
        self.relations = left.ok_or_else(|| {
            let most = limits::RELATIONS;
            FilterError::new(column, format!("a filter follows at most {most} relations"))
        })?;
        Ok(found)
    }

    pub(super) fn spend(&mut self, column: usize) -> Result<(), FilterError> {
        let left = self.conditions.checked_sub(1);
        self.conditions = left.ok_or_else(|| {
            let most = limits::CONDITIONS;
            FilterError::new(column, format!("a filter has at most {most} conditions"))
        })?;
        Ok(())
    }

    fn related(
        &mut self,
        model: &Model,
        name: &Name,
        member: &[Name],
        inner: &Expr,
    ) -> Result<Filter, FilterError> {
        let column = member.first().map_or(name.column, |name| name.column);
        let found = self.resolve(model, member)?;
        let (Some(quantifier), None, Some(link)) =
            (Quantifier::of(&name.text), &found.path, found.via.last())
        else {
            let text = &name.text;
            return Err(FilterError::new(
                column,
                format!("`{}` is no relation, which {text} is for", text_of(member)),
            ));
        };
        let target = Arc::clone(link.target());
        let inner = self.expr(&target, inner)?;
        Ok(quantifier.over(found.via, inner))
    }

    fn restriction(
        &mut self,
        model: &Model,
        found: &Resolved,
        by: Comparator,
        arg: &Arg,
    ) -> Result<Filter, FilterError> {
        match arg {
            Arg::Literal(literal) => compare(model, found, by, literal),
            Arg::Composite(expression) => match among(model, found, by, expression)? {
                Some(filter) => Ok(filter),
                // The first one is counted already.
                None => {
                    self.conditions += 1;
                    self.distribute(model, found, by, expression)
                }
            },
        }
    }

    /// `f = (a OR b)` means `f = a OR f = b`.
    fn distribute(
        &mut self,
        model: &Model,
        found: &Resolved,
        by: Comparator,
        expression: &Expr,
    ) -> Result<Filter, FilterError> {
        let mut all = |parts: &[Expr]| -> Result<Vec<Filter>, FilterError> {
            parts
                .iter()
                .map(|part| self.distribute(model, found, by, part))
                .collect()
        };
        let wrong = |column| {
            let what = "only values can stand in a group on the right";
            Err(FilterError::new(column, what))
        };
        Ok(match expression {
            Expr::And(parts) => Filter::And(all(parts)?),
            Expr::Or(parts) => Filter::Or(all(parts)?),
            Expr::Not(inner) => Filter::Not(Box::new(self.distribute(model, found, by, inner)?)),
            Expr::Restriction {
                member,
                comparison: None,
            } if !member.is_empty() => {
                self.spend(member[0].column)?;
                compare(model, found, by, &joined(member))?
            }
            Expr::Restriction { member, .. } => {
                return wrong(member.first().map_or(1, |name| name.column));
            }
            Expr::Function { name, .. } | Expr::Related { name, .. } => return wrong(name.column),
        })
    }
}

/// `f = (a OR b)` of single values is one condition, that `f` is among them; `None` for any other group.
fn among(
    model: &Model,
    found: &Resolved,
    by: Comparator,
    expression: &Expr,
) -> Result<Option<Filter>, FilterError> {
    let (Expr::Or(parts), Some(path)) = (expression, &found.path) else {
        return Ok(None);
    };
    let target = found.via.last().map_or(model, |link| link.target());
    let equals = matches!(by, Comparator::Op(CompareOp::Eq) | Comparator::Has);
    if !equals || path.leaf().shape != LeafShape::Single || path.is_dynamic(target) {
        return Ok(None);
    }
    let mut values = Vec::with_capacity(parts.len());
    for part in parts {
        let Expr::Restriction {
            member,
            comparison: None,
        } = part
        else {
            return Ok(None);
        };
        let Some(first) = member.first() else {
            return Ok(None);
        };
        let literal = joined(member);
        let is_pattern =
            path.leaf().kind == LeafKind::String && literal::wildcard(&literal).is_some();
        if is_pattern || (literal.text == "*" && !literal.quoted) {
            return Ok(None);
        }
        if values.len() == limits::LIST {
            let most = limits::LIST;
            return Err(FilterError::new(
                first.column,
                format!("a group has at most {most} values"),
            ));
        }
        values.push(literal::value(target, path.leaf(), &literal)?);
    }
    let condition = Condition::among(vec![(path.clone(), values)], None);
    let condition = condition.of_element(&found.lists);
    Ok(Some(condition.through(found.via.clone())))
}

fn bare(member: &[Name]) -> FilterError {
    let text = text_of(member);
    FilterError::new(
        member.first().map_or(1, |name| name.column),
        format!("`{text}` alone is no condition; write `{text} = value` or `{text}:*`"),
    )
}

pub(super) fn text_of(member: &[Name]) -> String {
    let names: Vec<&str> = member.iter().map(|name| name.text.as_str()).collect();
    names.join(".")
}

/// The names of a member that stands where a literal is due: `(1.5 OR a.b)`.
fn joined(member: &[Name]) -> Name {
    Name {
        text: text_of(member),
        ..member[0].clone()
    }
}

fn compare(
    model: &Model,
    found: &Resolved,
    by: Comparator,
    literal: &Name,
) -> Result<Filter, FilterError> {
    let target = found.via.last().map_or(model, |link| link.target());
    let present = by == Comparator::Has && literal.text == "*" && !literal.quoted;
    let condition = match &found.path {
        Some(path) if present => Condition::is(Filter::has(path.clone())),
        Some(path) => condition(target, path, by, literal)?,
        None if present => Condition::is(Filter::True),
        None => {
            let name = found.via.last().map_or("", |link| link.name());
            return Err(FilterError::new(
                literal.column,
                format!("`{name}` is a relation; name a property of it, or test it with `:*`"),
            ));
        }
    };
    let condition = condition.of_element(&found.lists);
    Ok(condition.through(found.via.clone()))
}

fn condition(
    model: &Model,
    path: &PropertyPath,
    by: Comparator,
    literal: &Name,
) -> Result<Condition, FilterError> {
    let leaf = *path.leaf();
    match (leaf.shape, by) {
        (LeafShape::List | LeafShape::Map, Comparator::Op(_)) => Err(FilterError::new(
            literal.column,
            format!("`{path}` holds many values; test it with `{path}:value`"),
        )),
        (LeafShape::Map, Comparator::Has) => {
            let key = Value::String(literal.text.clone());
            Ok(Condition::contains_all(path, vec![key]))
        }
        (LeafShape::List, Comparator::Has) => {
            let value = literal::value(model, &leaf, literal)?;
            Ok(Condition::contains_all(path, vec![value]))
        }
        (LeafShape::Single, by) => single(model, path, by, literal),
    }
}

fn single(
    model: &Model,
    path: &PropertyPath,
    by: Comparator,
    literal: &Name,
) -> Result<Condition, FilterError> {
    if by == Comparator::Has && path.is_dynamic(model) {
        // It is the value, or a list that has it.
        let kind = literal::kind(literal);
        let value = literal::value(model, path.typed(kind).leaf(), literal)?;
        let element = Condition::of_list(path, Elements::Any, vec![(kind, value)]);
        let equal = of_type(model, path, by, literal)?;
        return Ok(equal.or(element));
    }
    of_type(model, path, by, literal)
}

fn of_type(
    model: &Model,
    path: &PropertyPath,
    by: Comparator,
    literal: &Name,
) -> Result<Condition, FilterError> {
    let path = match path.is_dynamic(model) {
        true => path.typed(literal::kind(literal)),
        false => path.clone(),
    };
    let leaf = *path.leaf();
    let op = match by {
        Comparator::Op(op) => op,
        Comparator::Has => CompareOp::Eq,
    };
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    if equality
        && leaf.kind == LeafKind::String
        && let Some(pattern) = literal::wildcard(literal)
    {
        let like = Filter::Like {
            path,
            pattern,
            folded: None,
        };
        return Ok(match op {
            CompareOp::Ne => Condition::is_not(like),
            _ => Condition::is(like),
        });
    }
    if !equality && !is_ordered(&leaf) && !matches!(leaf.kind, LeafKind::Message(_)) {
        return Err(FilterError::new(
            literal.column,
            format!("`{path}` has no order; compare it with `=` or `!=`"),
        ));
    }
    let value = literal::value(model, &leaf, literal)?;
    Ok(Condition::compare(path, op, value))
}
