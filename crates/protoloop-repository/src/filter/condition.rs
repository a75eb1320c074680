//! Conditions on properties, as both syntaxes make them.

use protoloop_schema::WellKnown;

use super::{CompareOp, Element, Filter, Pattern, Related};
use crate::{Leaf, LeafKind, LeafShape, Link, Model, PropertyPath, Step, Value};

/// A condition on a row or on rows related to it, and whether its complement is meant.
pub(super) struct Condition {
    holds: Filter,
    negated: bool,
}

impl Condition {
    pub(super) fn is(holds: Filter) -> Self {
        Self {
            holds,
            negated: false,
        }
    }

    pub(super) fn is_not(holds: Filter) -> Self {
        Self {
            holds,
            negated: true,
        }
    }

    pub(super) fn compare(path: PropertyPath, op: CompareOp, value: Value) -> Self {
        let compare = |op| Filter::Compare { path, op, value };
        match op {
            CompareOp::Ne => Self::is_not(compare(CompareOp::Eq)),
            op => Self::is(compare(op)),
        }
    }

    /// `from <= property <= to`.
    pub(super) fn between(path: PropertyPath, from: Value, to: Value) -> Self {
        let (path, other) = (path.clone(), path);
        let (from, to) = (
            Filter::Compare {
                path,
                op: CompareOp::Ge,
                value: from,
            },
            Filter::Compare {
                path: other,
                op: CompareOp::Le,
                value: to,
            },
        );
        Self::is(Filter::And(vec![from, to]))
    }

    /// The property equals one of the values, or is absent where `null` is among them.
    pub(super) fn among(
        many: Vec<(PropertyPath, Vec<Value>)>,
        absent: Option<PropertyPath>,
    ) -> Self {
        let mut parts: Vec<Filter> = many
            .into_iter()
            .map(|(path, values)| Filter::In { path, values })
            .collect();
        parts.extend(absent.map(|path| Filter::Not(Box::new(Filter::has(path)))));
        Self::is(one_of(parts))
    }

    /// The list has all of the elements, or the map all of the keys.
    pub(super) fn contains_all(path: &PropertyPath, values: Vec<Value>) -> Self {
        let parts = values.into_iter().map(|value| Filter::Contains {
            path: path.clone(),
            value,
        });
        let mut parts: Vec<Filter> = parts.collect();
        Self::is(match (parts.len(), parts.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                parts.extend(last);
                Filter::And(parts)
            }
        })
    }

    /// The list has one of the elements, or the map one of the keys.
    pub(super) fn contains_any(path: &PropertyPath, values: Vec<Value>) -> Self {
        let parts = values.into_iter().map(|value| Filter::Contains {
            path: path.clone(),
            value,
        });
        Self::is(one_of(parts.collect()))
    }

    /// The same of a value whose type every row chooses, where it is a list: that has all of the elements, one of them, or
    /// nothing but them.
    pub(super) fn of_list(
        path: &PropertyPath,
        which: Elements,
        values: Vec<(LeafKind, Value)>,
    ) -> Self {
        let equals = values.into_iter().map(|(kind, value)| Filter::Compare {
            path: path.element(kind),
            op: CompareOp::Eq,
            value,
        });
        let some = |filter| {
            Filter::Element(Box::new(Element {
                list: path.list(),
                filter,
            }))
        };
        Self::is(match which {
            Elements::All => Filter::And(equals.map(some).collect()),
            Elements::Any => some(one_of(equals.collect())),
            Elements::Only => {
                let other = Filter::Not(Box::new(one_of(equals.collect())));
                let is_list = Filter::Length {
                    path: path.list(),
                    op: CompareOp::Ge,
                    value: 0,
                };
                Filter::And(vec![is_list, Filter::Not(Box::new(some(other)))])
            }
        })
    }

    pub(super) fn like(path: PropertyPath, pattern: &str, folded: bool) -> Result<Self, String> {
        let folded = folded.then(|| Pattern::folding(pattern)).transpose()?;
        Ok(Self::is(Filter::Like {
            path,
            pattern: pattern.to_owned(),
            folded,
        }))
    }

    /// One of two that are no complements.
    pub(super) fn or(self, other: Self) -> Self {
        Self::is(Filter::Or(vec![self.holds, other.holds]))
    }

    /// The other rows.
    pub(super) fn complement(self) -> Self {
        Self {
            negated: !self.negated,
            ..self
        }
    }

    /// The same of one of the elements of lists, the outermost first.
    pub(super) fn of_element(mut self, lists: &[PropertyPath]) -> Self {
        for list in lists.iter().rev() {
            self.holds = Filter::Element(Box::new(Element {
                list: list.clone(),
                filter: self.holds,
            }));
        }
        self
    }

    /// The condition on the row itself, or on one of the rows that the relations lead to. A complement is that of the
    /// whole: no related row fulfils it.
    pub(super) fn through(self, via: Vec<Link>) -> Filter {
        match (via.is_empty(), self.negated, self.holds) {
            (true, false, holds) => holds,
            (
                true,
                true,
                Filter::Compare {
                    path,
                    op: CompareOp::Eq,
                    value,
                },
            ) => Filter::Compare {
                path,
                op: CompareOp::Ne,
                value,
            },
            (true, true, holds) => Filter::Not(Box::new(holds)),
            (false, negated, holds) => {
                let some = some(via, holds);
                match negated {
                    true => Filter::Not(Box::new(some)),
                    false => some,
                }
            }
        }
    }
}

/// One of the rows that the relations lead to fulfils a filter.
pub(super) fn some(via: Vec<Link>, filter: Filter) -> Filter {
    let links = via.into_iter().rev();
    links.fold(filter, |filter, link| {
        Filter::Related(Box::new(Related { link, filter }))
    })
}

/// How many of the related rows must fulfil a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Some,
    Every,
    None,
}

impl Quantifier {
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "some" => Self::Some,
            "every" => Self::Every,
            "none" => Self::None,
            _ => return None,
        })
    }

    /// The condition on the related rows; without any row, `every` and `none` hold.
    pub(super) fn over(self, via: Vec<Link>, filter: Filter) -> Filter {
        let not = |filter| Filter::Not(Box::new(filter));
        match self {
            Self::Some => some(via, filter),
            Self::Every => not(some(via, not(filter))),
            Self::None => not(some(via, filter)),
        }
    }
}

/// Which elements of a list are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elements {
    All,
    Any,
    Only,
}

impl Elements {
    /// By the name of the function or operator.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "contains" => Self::All,
            "containedBy" => Self::Only,
            _ => Self::Any,
        }
    }
}

fn one_of(mut parts: Vec<Filter>) -> Filter {
    match (parts.len(), parts.pop()) {
        (1, Some(only)) => only,
        (_, last) => {
            parts.extend(last);
            Filter::Or(parts)
        }
    }
}

/// Whether values of a leaf can be told apart by `<` and `>`.
pub(super) fn is_ordered(leaf: &Leaf) -> bool {
    !matches!(
        leaf.kind,
        LeafKind::Bool | LeafKind::Enum(_) | LeafKind::Message(_)
    )
}

impl PropertyPath {
    /// Whether it leads to a `google.protobuf.Value`, whose type every row chooses.
    pub(crate) fn is_dynamic(&self, model: &Model) -> bool {
        let leaf = self.leaf();
        let LeafKind::Message(id) = leaf.kind else {
            return false;
        };
        leaf.shape == LeafShape::Single
            && model.schema().message(id).well_known == Some(WellKnown::Value)
    }

    /// The path to the elements of the value where it is a list.
    pub(super) fn list(&self) -> Self {
        let mut steps = self.steps.to_vec();
        // `list_value` of a Value, then `values` of a ListValue.
        steps.extend([Step::Field(6), Step::Field(1)]);
        Self {
            steps: steps.into(),
            leaf: Leaf {
                shape: LeafShape::List,
                ..self.leaf
            },
            ..self.clone()
        }
    }

    /// The path from an element of [`PropertyPath::list`] to what it holds, where it is of one type.
    pub(super) fn element(&self, kind: LeafKind) -> Self {
        let typed = self.typed(kind);
        let last = typed.steps.last().cloned();
        Self {
            steps: last.into_iter().collect(),
            ..typed
        }
    }

    /// The path to the value where it is of one type: a string, a number or a bool. It is null in rows that hold another.
    pub(crate) fn typed(&self, kind: LeafKind) -> Self {
        let number = match kind {
            LeafKind::String => 3,
            LeafKind::Bool => 4,
            _ => 2,
        };
        let LeafKind::Message(value) = self.leaf.kind else {
            return self.clone();
        };
        let mut steps = self.steps.to_vec();
        steps.push(Step::Field(number));
        Self {
            text: std::sync::Arc::clone(&self.text),
            steps: steps.into(),
            leaf: Leaf {
                kind,
                shape: LeafShape::Single,
                presence: protoloop_schema::Presence::Explicit,
                wrapped: false,
            },
            parent: Some(value),
            from: None,
        }
    }
}
