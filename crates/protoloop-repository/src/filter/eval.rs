//! Testing rows in memory.

use std::cmp::Ordering;

use protoloop_wire::{View, map_key};

use super::{CompareOp, Filter, like};
use crate::{
    LeafShape, Model, PropertyPath, Value,
    read::{self, Scalar},
};

impl Filter {
    /// Whether a row fulfils the filter.
    #[must_use]
    pub fn matches(&self, model: &Model, row: &[u8]) -> bool {
        self.holds(&model.view(row))
    }

    fn holds(&self, row: &View<'_>) -> bool {
        match self {
            Self::True => true,
            Self::False => false,
            Self::And(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Or(parts) => parts.iter().any(|part| part.holds(row)),
            Self::Not(inner) => !inner.holds(row),
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
