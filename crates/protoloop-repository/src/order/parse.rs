//! From the text of an `order_by` to an order (AIP-132).

use super::{Direction, OrderBy, OrderTerm};
use crate::{
    LeafKind, LeafShape, Model, Place,
    filter::{FilterError, NO_PLACE, limits},
};

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
        for part in parts(text) {
            let blank = part.len() - part.trim_start().len();
            let at = column + part[..blank].chars().count();
            OrderTerm::parse(model, part.trim(), at, &mut terms)?;
            column += part.chars().count() + 1;
        }
        Ok(model.complete_order(terms))
    }
}

impl OrderTerm {
    /// One term: a property, with its direction behind it. A value whose type every row chooses gives one for each type, so
    /// that numbers come before texts, these before truth values, and all before absence.
    pub(crate) fn parse(
        model: &Model,
        text: &str,
        column: usize,
        terms: &mut Vec<Self>,
    ) -> Result<(), FilterError> {
        let found = Self::one(model, text, column)?;
        let target = found.via.last().map_or(model, |link| link.target());
        let paths = match found.path.is_dynamic(target) {
            true => [LeafKind::Double, LeafKind::String, LeafKind::Bool]
                .map(|kind| found.path.typed(kind))
                .to_vec(),
            false => vec![found.path.clone()],
        };
        for path in paths {
            let term = Self {
                path,
                ..found.clone()
            };
            if terms.iter().any(|present| present.is_of(&term)) {
                return Err(FilterError::new(
                    column,
                    format!("`{}` is named twice", term.text()),
                ));
            }
            if terms.len() == limits::ORDER_TERMS {
                let most = limits::ORDER_TERMS;
                return Err(FilterError::new(
                    column,
                    format!("an order has at most {most} terms"),
                ));
            }
            terms.push(term);
        }
        Ok(())
    }

    fn one(model: &Model, text: &str, column: usize) -> Result<Self, FilterError> {
        // `distance(place, 52.5, 13.4)` has blanks inside.
        let end = text
            .strip_prefix("distance(")
            .and_then(|rest| rest.find(')'));
        let (call, behind) = text.split_at(end.map_or(0, |end| "distance(".len() + end + 1));
        let mut words = behind.split_whitespace();
        let property = match call {
            "" => words.next(),
            call => Some(call),
        };
        let Some(property) = property else {
            return Err(FilterError::new(column, "a property name is due here"));
        };
        let direction = direction(&mut words, column)?;
        let wrong = |message: String| FilterError::new(column, message);
        let (property, from) = match call {
            "" => (property, None),
            call => {
                let (property, from) = distance(call).map_err(|what| wrong(what.to_owned()))?;
                (property, Some(from))
            }
        };
        let names: Vec<&str> = property.split('.').collect();
        let found = model
            .resolve(&names)
            .map_err(|error| wrong(error.message))?;
        if let Some(link) = found.via.iter().find(|link| link.is_to_many()) {
            let name = link.name();
            return Err(wrong(format!(
                "`{name}` leads to many rows, which give no order"
            )));
        }
        if let Some(list) = found.lists.first() {
            return Err(wrong(format!("`{list}` is a list, which gives no order")));
        }
        let target = found.via.last().map_or(model, |link| link.target());
        if let Some(from) = from {
            let path = found.path.and_then(|path| path.distance(target, from));
            let path = path.ok_or_else(|| {
                wrong(format!(
                    "`{property}` is no google.type.LatLng, which distance is for"
                ))
            })?;
            return Ok(Self {
                via: found.via.into(),
                path,
                direction,
            });
        }
        let single = found.path.filter(|path| {
            path.leaf().shape == LeafShape::Single
                && (path.is_dynamic(target) || !matches!(path.leaf().kind, LeafKind::Message(_)))
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

/// `asc`, `desc` or nothing, and nothing behind it.
fn direction<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    column: usize,
) -> Result<Direction, FilterError> {
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
    match words.next() {
        None => Ok(direction),
        Some(word) => Err(FilterError::new(
            column,
            format!("found `{word}` where a comma is due"),
        )),
    }
}

/// The terms between commas, of which those in parentheses are no ends.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// The property and the place of `distance(place, 52.5, 13.4)`.
fn distance(call: &str) -> Result<(&str, Place), &'static str> {
    const TAKES: &str = "distance takes a place, a latitude and a longitude";
    let inner = call
        .strip_prefix("distance(")
        .and_then(|rest| rest.strip_suffix(')'));
    let arguments: Vec<&str> = inner
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .collect();
    let [property, latitude, longitude] = *arguments else {
        return Err(TAKES);
    };
    let number = |text: &str| text.parse::<f64>().map_err(|_| TAKES);
    let place = Place::new(number(latitude)?, number(longitude)?);
    Ok((property, place.ok_or(NO_PLACE)?))
}
