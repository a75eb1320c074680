//! Testing rows in memory.

use std::cmp::Ordering;

use protoloop_wire::{Value as WireValue, View, map_key};

use super::{CompareOp, Element, Filter, like, related::RelatedSets};
use crate::{
    LeafShape, Model, PropertyPath, Value,
    read::{self, Scalar},
};

impl Filter {
    /// Whether a row that is related to none fulfils the filter; for rows that are, see [`Matcher`].
    #[must_use]
    pub fn matches(&self, model: &Model, row: &[u8]) -> bool {
        self.holds(&model.view(row), None)
    }

    pub(super) fn holds(&self, row: &View<'_>, related: Option<&RelatedSets>) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::And(parts) => parts.iter().all(|part| part.holds(row, related)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(row, related)),
            Self::Not(inner) => !inner.holds(row, related),
            Self::Has { path } => read::has(row, path),
            Self::Compare { path, op, value } => op.holds(read::scalar(row, path).compare(value)),
            Self::In { path, values } => {
                let found = read::scalar(row, path);
                values
                    .iter()
                    .any(|value| found.compare(value) == Some(Ordering::Equal))
            }
            Self::Like {
                path,
                pattern,
                folded,
            } => match (read::scalar(row, path), folded) {
                (Scalar::String(text), Some(folded)) => folded.is_match(text),
                (Scalar::String(text), None) => like::matches(pattern, text),
                _ => false,
            },
            Self::Regexp { path, pattern } => match read::scalar(row, path) {
                Scalar::String(text) => pattern.is_match(text),
                _ => false,
            },
            Self::Contains { path, value } => contains(row, path, value),
            Self::ContainedBy { path, values } => contained_by(row, path, values),
            Self::Length { path, op, value } => {
                let length = length(row, path);
                op.holds(length.map(|length| length.cmp(value)))
            }
            Self::Element(element) => some_element(row, element),
            Self::Related(condition) => related.is_some_and(|sets| sets.holds(condition, row)),
        }
    }
}

impl CompareOp {
    /// Whether it holds for what a comparison of the property with the value gave; `None` for null.
    fn holds(self, found: Option<Ordering>) -> bool {
        match self {
            Self::Eq => found == Some(Ordering::Equal),
            Self::Ne => found != Some(Ordering::Equal),
            Self::Lt => found == Some(Ordering::Less),
            Self::Le => matches!(found, Some(Ordering::Less | Ordering::Equal)),
            Self::Gt => found == Some(Ordering::Greater),
            Self::Ge => matches!(found, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

fn contains(row: &View<'_>, path: &PropertyPath, value: &Value) -> bool {
    let Some((parent, number)) = read::many(row, path) else {
        return false;
    };
    let leaf = path.leaf();
    match (leaf.shape, value) {
        (LeafShape::Map, Value::String(key)) => parent
            .map(number)
            .any(|(found, _)| map_key::is(&found, key)),
        (LeafShape::List, value) => parent
            .repeated(number)
            .any(|found| read::of_wire(found, leaf.kind).compare(value) == Some(Ordering::Equal)),
        _ => false,
    }
}

fn some_element(row: &View<'_>, element: &Element) -> bool {
    let Some((parent, number)) = read::many(row, &element.list) else {
        return false;
    };
    parent.repeated(number).any(|found| match found {
        WireValue::Message(view) => element.filter.holds(&view, None),
        _ => false,
    })
}

fn contained_by(row: &View<'_>, path: &PropertyPath, values: &[Value]) -> bool {
    let Some((parent, number)) = read::many(row, path) else {
        return false;
    };
    let kind = path.leaf().kind;
    parent.repeated(number).all(|found| {
        let found = read::of_wire(found, kind);
        let mut values = values.iter();
        values.any(|value| found.compare(value) == Some(Ordering::Equal))
    })
}

fn length(row: &View<'_>, path: &PropertyPath) -> Option<u64> {
    let (parent, number) = read::many(row, path)?;
    Some(match path.leaf().shape {
        LeafShape::Map => parent.map(number).count(),
        _ => parent.repeated(number).count(),
    } as u64)
}
