//! From the text of an `order_by` to an order (AIP-132).

use super::{Direction, OrderBy, OrderTerm};
use crate::{LeafKind, LeafShape, Model, filter::FilterError, filter::limits};

impl OrderBy {
    /// Parses `title desc, address.city`: properties with `asc` (the default) or `desc`, separated by commas. A blank
    /// text is the order by key.
    ///
    /// # Errors
    /// [`FilterError`] with the column: an unknown, hidden or not filterable property, one that holds many values or a
    /// message, one that is named twice, or anything else behind it.
    pub fn parse(model: &Model, text: &str) -> Result<Self, FilterError> {
        if text.len() > limits::TEXT {
            let most = limits::TEXT;
            return Err(FilterError::new(
                1,
                format!("an order has at most {most} bytes"),
            ));
        }
        if text.trim().is_empty() {
            return Ok(model.key_order().clone());
        }
        let mut terms: Vec<OrderTerm> = Vec::new();
        let mut column = 1;
        for part in text.split(',') {
            let blank = part.len() - part.trim_start().len();
            let at = column + part[..blank].chars().count();
            let term = OrderTerm::parse(model, part.trim(), at)?;
            if terms.iter().any(|present| present.is_of(&term)) {
                return Err(FilterError::new(
                    at,
                    format!("`{}` is named twice", term.text()),
                ));
            }
            if terms.len() == limits::ORDER_TERMS {
                let most = limits::ORDER_TERMS;
                return Err(FilterError::new(
                    at,
                    format!("an order has at most {most} terms"),
                ));
            }
            terms.push(term);
            column += part.chars().count() + 1;
        }
        Ok(model.complete_order(terms))
    }
}

impl OrderTerm {
    /// One term: a property, with its direction behind it.
    pub(crate) fn parse(model: &Model, text: &str, column: usize) -> Result<Self, FilterError> {
        let mut words = text.split_whitespace();
        let Some(property) = words.next() else {
            return Err(FilterError::new(column, "a property name is due here"));
        };
        let direction = match words.next() {
            None => Direction::Ascending,
            Some(word) if word.eq_ignore_ascii_case("asc") => Direction::Ascending,
            Some(word) if word.eq_ignore_ascii_case("desc") => Direction::Descending,
            Some(word) => {
                return Err(FilterError::new(
                    column,
                    format!("found `{word}` where `asc`, `desc` or a comma is due"),
                ));
            }
        };
        if let Some(word) = words.next() {
            return Err(FilterError::new(
                column,
                format!("found `{word}` where a comma is due"),
            ));
        }
        let names: Vec<&str> = property.split('.').collect();
        let wrong = |message: String| FilterError::new(column, message);
        let found = model
            .resolve(&names)
            .map_err(|error| wrong(error.message))?;
        if let Some(link) = found.via.iter().find(|link| link.is_to_many()) {
            let name = link.name();
            return Err(wrong(format!(
                "`{name}` leads to many rows, which give no order"
            )));
        }
        let single = found.path.filter(|path| {
            path.leaf().shape == LeafShape::Single
                && !matches!(path.leaf().kind, LeafKind::Message(_))
        });
        let path = single.ok_or_else(|| {
            wrong(format!(
                "`{property}` cannot be ordered by: it is no single value"
            ))
        })?;
        Ok(Self {
            via: found.via.into(),
            path,
            direction,
        })
    }
}
