//! The order of rows.

mod parse;

use crate::PropertyPath;

/// A total order of a model's rows: the terms that were asked for, completed by the key fields, ascending.
///
/// Nulls are last in an ascending term and first in a descending one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderBy(pub(crate) Vec<OrderTerm>);

/// One term of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderTerm {
    /// A single leaf that is no message.
    pub path: PropertyPath,
    /// Which way.
    pub direction: Direction,
}

/// Which way a term orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are SQL's own")]
pub enum Direction {
    Ascending,
    Descending,
}

impl OrderBy {
    /// The terms; the key fields are always among them, and no property appears twice.
    #[must_use]
    pub fn terms(&self) -> &[OrderTerm] {
        &self.0
    }
}
