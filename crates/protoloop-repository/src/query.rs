//! Which rows, in which order, how many.

use crate::{Cursor, Filter, OrderBy};

/// A question for rows of one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The condition; `None` for all rows.
    pub filter: Option<Filter>,
    /// The order, always total.
    pub order: OrderBy,
    /// At most so many rows; `None` for all.
    pub limit: Option<u32>,
    /// Rows to leave out, counted behind [`Query::after`].
    pub skip: u64,
    /// Only rows that stand behind this place in the order.
    pub after: Option<Cursor>,
    /// Columns that will be read, as field numbers; `None` for all. A hint: a connector may fill more, but always fills
    /// these and the key.
    pub fields: Option<Vec<u32>>,
}

impl Query {
    /// All rows in an order.
    #[must_use]
    pub fn new(order: OrderBy) -> Self {
        Self {
            filter: None,
            order,
            limit: None,
            skip: 0,
            after: None,
            fields: None,
        }
    }
}
