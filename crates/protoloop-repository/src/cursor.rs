//! Places in an order.

use std::cmp::Ordering;

use crate::{Direction, LeafKind, Model, OrderBy, Value, read};

/// A place in an order: the values of a row at each of [`OrderBy::terms`], in that order.
#[derive(Clone, Debug, PartialEq)]
pub struct Cursor {
    /// One value per term; [`Value::Null`] where the row has none.
    pub values: Vec<Value>,
}

impl Cursor {
    /// The place of a row, for an order that leads to no other rows; where it does, the repository tells it:
    /// [`Repository::place`](crate::Repository::place).
    #[must_use]
    pub fn of_row(model: &Model, order: &OrderBy, row: &[u8]) -> Self {
        let view = model.view(row);
        Self {
            values: order
                .terms()
                .iter()
                .map(|term| match term.via.is_empty() {
                    true => read::scalar(&view, &term.path).to_value(),
                    false => Value::Null,
                })
                .collect(),
        }
    }

    /// How a place stands to another of the same order.
    #[must_use]
    pub fn compare(&self, order: &OrderBy, other: &Self) -> Ordering {
        order
            .terms()
            .iter()
            .zip(self.values.iter().zip(&other.values))
            .map(|(term, (a, b))| term.direction.apply(a.order(b)))
            .find(|found| found.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The bytes of the values, for a page token.
    pub(crate) fn to_binary(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.values.len() * 16);
        for value in &self.values {
            value.push_binary(&mut out);
        }
        out
    }

    /// The place of these bytes; `None` when they are not one value of the right type per term.
    pub(crate) fn from_binary(order: &OrderBy, mut bytes: &[u8]) -> Option<Self> {
        let mut values = Vec::with_capacity(order.terms().len());
        for term in order.terms() {
            let value = Value::take_binary(&mut bytes)?;
            if !fits(&value, term.path.leaf().kind) {
                return None;
            }
            values.push(value);
        }
        bytes.is_empty().then_some(Self { values })
    }
}

impl Direction {
    /// A comparison in ascending order, turned round for a descending one.
    pub(crate) fn apply(self, ascending: Ordering) -> Ordering {
        match self {
            Self::Ascending => ascending,
            Self::Descending => ascending.reverse(),
        }
    }
}

fn fits(value: &Value, kind: LeafKind) -> bool {
    matches!(
        (value, kind),
        (Value::Null, _)
            | (Value::Bool(_), LeafKind::Bool)
            | (Value::I64(_), LeafKind::Int32 | LeafKind::Int64)
            | (Value::U64(_), LeafKind::Uint32 | LeafKind::Uint64)
            | (Value::F64(_), LeafKind::Float | LeafKind::Double)
            | (Value::String(_), LeafKind::String)
            | (Value::Bytes(_), LeafKind::Bytes)
            | (Value::Enum(_), LeafKind::Enum(_))
            | (Value::Timestamp { .. }, LeafKind::Timestamp)
            | (Value::Duration { .. }, LeafKind::Duration)
    )
}
