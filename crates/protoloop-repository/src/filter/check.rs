//! From syntax to a filter whose every name and value fits the model.

use std::sync::Arc;

use protoloop_schema::Presence;

use super::{
    CompareOp, Filter, FilterError, Pattern, limits, literal,
    syntax::{self, Arg, Comparator, Expr, Name},
};
use crate::{Leaf, LeafKind, LeafShape, Model, PropertyPath, Value};

impl Filter {
    /// Parses a filter in AIP-160 syntax, extended by `like(f, "…")`, `ilike(f, "…")` and `regexp(f, "…")`, and checks
    /// it against a model. A blank text is [`Filter::True`].
    ///
    /// # Errors
    /// [`FilterError`] with the column: bad syntax, an unknown, hidden or not filterable property, a value that is not
    /// of the property's type, an operator that the type does not have, a text above the bounds.
    pub fn parse(model: &Model, text: &str) -> Result<Self, FilterError> {
        match syntax::parse(text)? {
            None => Ok(Self::True),
            Some(expression) => Checker {
                model,
                left: limits::CONDITIONS,
            }
            .expr(&expression),
        }
    }

    /// The property is present. For a field without presence, that it does not hold its default.
    #[must_use]
    pub fn has(path: PropertyPath) -> Self {
        let leaf = *path.leaf();
        if leaf.shape != LeafShape::Single || leaf.presence != Presence::Implicit {
            return Self::Has { path };
        }
        let Some(value) = default_of(leaf.kind) else {
            return Self::Has { path };
        };
        let parent = parent_of(&path);
        let differs = Self::Compare {
            path,
            op: CompareOp::Ne,
            value,
        };
        match parent {
            // Below an absent message the property is null, and null differs from every value.
            Some(path) => Self::And(vec![Self::Has { path }, differs]),
            None => differs,
        }
    }
}

struct Checker<'a> {
    model: &'a Model,
    /// How many more conditions are allowed.
    left: usize,
}

impl Checker<'_> {
    fn expr(&mut self, expression: &Expr) -> Result<Filter, FilterError> {
        Ok(match expression {
            Expr::And(parts) => Filter::And(self.exprs(parts)?),
            Expr::Or(parts) => Filter::Or(self.exprs(parts)?),
            Expr::Not(inner) => Filter::Not(Box::new(self.expr(inner)?)),
            Expr::Function { name, args } => self.function(name, args)?,
            Expr::Restriction { member, comparison } => {
                let (path, first) = self.path(member)?;
                let Some((comparator, arg)) = comparison else {
                    return Err(bare(&path, first));
                };
                self.arg(&path, *comparator, arg)?
            }
        })
    }

    fn exprs(&mut self, parts: &[Expr]) -> Result<Vec<Filter>, FilterError> {
        parts.iter().map(|part| self.expr(part)).collect()
    }

    fn path<'m>(&mut self, member: &'m [Name]) -> Result<(PropertyPath, &'m Name), FilterError> {
        let Some(first) = member.first() else {
            return Err(FilterError::new(1, "a property name is missing"));
        };
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let most = limits::CONDITIONS;
            FilterError::new(
                first.column,
                format!("a filter has at most {most} conditions"),
            )
        })?;
        let path = self.model.property(member).map_err(|error| {
            let at = member.get(error.segment).unwrap_or(first);
            FilterError::new(at.column, error.message)
        })?;
        Ok((path, first))
    }

    fn arg(
        &mut self,
        path: &PropertyPath,
        by: Comparator,
        arg: &Arg,
    ) -> Result<Filter, FilterError> {
        match arg {
            Arg::Literal(literal) => compare(self.model, path, by, literal),
            Arg::Composite(expression) => self.distribute(path, by, expression),
        }
    }

    /// `f = (a OR b)` means `f = a OR f = b`.
    fn distribute(
        &mut self,
        path: &PropertyPath,
        by: Comparator,
        expression: &Expr,
    ) -> Result<Filter, FilterError> {
        Ok(match expression {
            Expr::And(parts) => Filter::And(self.distribute_all(path, by, parts)?),
            Expr::Or(parts) => Filter::Or(self.distribute_all(path, by, parts)?),
            Expr::Not(inner) => Filter::Not(Box::new(self.distribute(path, by, inner)?)),
            Expr::Restriction {
                member,
                comparison: None,
            } if !member.is_empty() => compare(self.model, path, by, &joined(member))?,
            Expr::Restriction { member, .. } => {
                let column = member.first().map_or(1, |name| name.column);
                return Err(FilterError::new(
                    column,
                    "only values can stand in a group on the right",
                ));
            }
            Expr::Function { name, .. } => {
                return Err(FilterError::new(
                    name.column,
                    "only values can stand in a group on the right",
                ));
            }
        })
    }

    fn distribute_all(
        &mut self,
        path: &PropertyPath,
        by: Comparator,
        parts: &[Expr],
    ) -> Result<Vec<Filter>, FilterError> {
        parts
            .iter()
            .map(|part| self.distribute(path, by, part))
            .collect()
    }

    fn function(&mut self, name: &Name, args: &[Name]) -> Result<Filter, FilterError> {
        if !matches!(name.text.as_str(), "like" | "ilike" | "regexp") {
            return Err(FilterError::new(
                name.column,
                format!(
                    "there is no function `{}`; there are like, ilike and regexp",
                    name.text
                ),
            ));
        }
        let [property, pattern] = args else {
            return Err(FilterError::new(
                name.column,
                format!("{} takes a property and a pattern", name.text),
            ));
        };
        let member: Vec<Name> = split(property);
        let (path, _) = self.path(&member)?;
        if path.leaf().kind != LeafKind::String || path.leaf().shape != LeafShape::Single {
            return Err(FilterError::new(
                property.column,
                format!("`{path}` is no string, which {} is for", name.text),
            ));
        }
        if name.text == "regexp" {
            let pattern = Pattern::new(&pattern.text)
                .map_err(|error| FilterError::new(pattern.column, error))?;
            return Ok(Filter::Regexp { path, pattern });
        }
        let folded = (name.text == "ilike")
            .then(|| Pattern::folding(&pattern.text))
            .transpose()
            .map_err(|error| FilterError::new(pattern.column, error))?;
        Ok(Filter::Like {
            path,
            pattern: pattern.text.clone(),
            folded,
        })
    }
}

fn bare(path: &PropertyPath, at: &Name) -> FilterError {
    let column = at.column;
    FilterError::new(
        column,
        format!("`{path}` alone is no condition; write `{path} = value` or `{path}:*`"),
    )
}

/// The names of a member that stands where a literal is due: `(1.5 OR a.b)`.
fn joined(member: &[Name]) -> Name {
    let mut whole = member[0].clone();
    for name in &member[1..] {
        whole.text.push('.');
        whole.text.push_str(&name.text);
    }
    whole
}

/// The segments of a property that was read as a literal.
fn split(property: &Name) -> Vec<Name> {
    let mut column = property.column;
    property
        .text
        .split('.')
        .map(|text| {
            let name = Name {
                text: text.to_owned(),
                column,
                ..property.clone()
            };
            column += text.chars().count() + 1;
            name
        })
        .collect()
}

fn compare(
    model: &Model,
    path: &PropertyPath,
    by: Comparator,
    literal: &Name,
) -> Result<Filter, FilterError> {
    let leaf = *path.leaf();
    let path = path.clone();
    if by == Comparator::Has && literal.text == "*" && !literal.quoted {
        return Ok(Filter::has(path));
    }
    match (leaf.shape, by) {
        (LeafShape::List | LeafShape::Map, Comparator::Op(_)) => Err(FilterError::new(
            literal.column,
            format!("`{path}` holds many values; test it with `{path}:value`"),
        )),
        (LeafShape::Map, Comparator::Has) => Ok(Filter::Contains {
            value: Value::String(literal.text.clone()),
            path,
        }),
        (LeafShape::List, Comparator::Has) => Ok(Filter::Contains {
            value: literal::value(model, &leaf, literal)?,
            path,
        }),
        (LeafShape::Single, by) => single(model, path, by, literal),
    }
}

fn single(
    model: &Model,
    path: PropertyPath,
    by: Comparator,
    literal: &Name,
) -> Result<Filter, FilterError> {
    let leaf = *path.leaf();
    let op = match by {
        Comparator::Op(op) => op,
        Comparator::Has => CompareOp::Eq,
    };
    if matches!(op, CompareOp::Eq | CompareOp::Ne)
        && leaf.kind == LeafKind::String
        && let Some(pattern) = literal::wildcard(literal)
    {
        let like = Filter::Like {
            path,
            pattern,
            folded: None,
        };
        return Ok(match op {
            CompareOp::Ne => Filter::Not(Box::new(like)),
            _ => like,
        });
    }
    let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
    if ordered && matches!(leaf.kind, LeafKind::Bool | LeafKind::Enum(_)) {
        return Err(FilterError::new(
            literal.column,
            format!("`{path}` has no order; compare it with `=` or `!=`"),
        ));
    }
    let value = literal::value(model, &leaf, literal)?;
    Ok(Filter::Compare { path, op, value })
}

fn default_of(kind: LeafKind) -> Option<Value> {
    Some(match kind {
        LeafKind::Bool => Value::Bool(false),
        LeafKind::Int32 | LeafKind::Int64 => Value::I64(0),
        LeafKind::Uint32 | LeafKind::Uint64 => Value::U64(0),
        LeafKind::Float | LeafKind::Double => Value::F64(0.0),
        LeafKind::String => Value::String(String::new()),
        LeafKind::Bytes => Value::Bytes(Vec::new()),
        LeafKind::Enum(_) => Value::Enum(0),
        LeafKind::Timestamp | LeafKind::Duration | LeafKind::Message(_) => return None,
    })
}

/// The message that holds the property, where it is not the row itself.
fn parent_of(path: &PropertyPath) -> Option<PropertyPath> {
    let (_, parents) = path.steps.split_last()?;
    if parents.is_empty() {
        return None;
    }
    let text = path.text.rsplit_once('.').map_or("", |(parent, _)| parent);
    let kind = path.parent?;
    Some(PropertyPath {
        text: Arc::from(text),
        steps: parents.into(),
        leaf: Leaf {
            kind: LeafKind::Message(kind),
            shape: LeafShape::Single,
            presence: Presence::Explicit,
            wrapped: false,
        },
        parent: None,
    })
}
