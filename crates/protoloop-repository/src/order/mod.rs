//! The order of rows.

mod parse;

pub(crate) use parse::parts;

use crate::{Join, Link, PropertyPath};

/// A total order of a model's rows: the terms that were asked for, completed by the key fields, ascending.
///
/// Nulls are last in an ascending term and first in a descending one.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderBy(pub(crate) Vec<OrderTerm>);

/// One term of an order.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderTerm {
    /// The to-one relations that lead to the row which has the property; none for the row itself. Where one of them
    /// leads nowhere, the value is null.
    pub via: Box<[Link]>,
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

    /// Whether a term leads to other rows.
    #[must_use]
    pub fn is_related(&self) -> bool {
        self.0.iter().any(|term| !term.via.is_empty())
    }
}

impl OrderTerm {
    /// A property of the row itself.
    #[must_use]
    pub fn own(path: PropertyPath, direction: Direction) -> Self {
        Self {
            via: Box::new([]),
            path,
            direction,
        }
    }

    /// The number of the row's field that it is read from: of the property, or the key that leads to other rows.
    #[must_use]
    pub fn column(&self) -> u32 {
        match self.via.first().map(Link::join) {
            Some(Join::Field { own, .. } | Join::Through { own, .. } | Join::List { own, .. }) => {
                *own
            }
            None => self.path.column(),
        }
    }

    /// Whether it orders by the same property.
    pub(crate) fn is_of(&self, other: &Self) -> bool {
        self.path == other.path && self.via == other.via
    }

    /// The property in proto names, with the relations in front: `author.name`.
    #[must_use]
    pub fn text(&self) -> String {
        let names = self.via.iter().map(Link::name);
        let names: Vec<&str> = names.chain([self.path.text()]).collect();
        names.join(".")
    }
}
