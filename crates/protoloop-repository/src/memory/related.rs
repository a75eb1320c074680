//! Rows of other models, for conditions and orders that lead to them.

use super::shared::Stores;
use crate::{Cursor, Filter, Matcher, Model, OrderBy, Rows, filter::RelatedValues};

/// All rows that a context sees.
pub(super) struct AllRows<'a>(pub(super) &'a Stores);

impl Rows for AllRows<'_> {
    fn each(&self, model: &Model, visit: &mut dyn FnMut(&[u8])) {
        let mut stores = self.0.iter();
        let store = stores.find(|store| store.model.full_name() == model.full_name());
        let rows = store.into_iter().flat_map(|store| store.rows.values());
        rows.for_each(|row| visit(row));
    }
}

/// What a query asks of a row, with what it needs of other models looked up.
pub(super) struct Test<'a> {
    matcher: Option<Matcher<'a>>,
}

impl<'a> Test<'a> {
    pub(super) fn new(model: &'a Model, filter: Option<&'a Filter>, rows: &dyn Rows) -> Self {
        Self {
            matcher: filter.map(|filter| Matcher::new(model, filter, rows)),
        }
    }

    pub(super) fn selects(&self, row: &[u8]) -> bool {
        self.matcher
            .as_ref()
            .is_none_or(|matcher| matcher.matches(row))
    }
}

/// An order, with the values that it finds in other models looked up.
pub(super) struct Places<'a> {
    model: &'a Model,
    order: &'a OrderBy,
    /// By position in the order.
    related: Vec<(usize, RelatedValues)>,
}

impl<'a> Places<'a> {
    pub(super) fn new(model: &'a Model, order: &'a OrderBy, rows: &dyn Rows) -> Self {
        let terms = order.terms().iter().enumerate();
        let related = terms
            .filter_map(|(index, term)| Some((index, RelatedValues::of(model, term, rows)?)))
            .collect();
        Self {
            model,
            order,
            related,
        }
    }

    pub(super) fn of(&self, row: &[u8]) -> Cursor {
        let mut cursor = Cursor::of_row(self.model, self.order, row);
        for (index, values) in &self.related {
            cursor.values[*index] = values.value(&self.model.view(row));
        }
        cursor
    }
}
