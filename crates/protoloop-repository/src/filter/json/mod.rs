//! LoopBack's filter objects.
//!
//! ```text
//! filter   = { "where": where, "fields": fields, "order": order, "limit": n, "skip": n, "offset": n, "include": include }
//! where    = { property: test, …, "and": [where, …], "or": […], "nor": […], "not": where }
//! test     = value | null | { operator: …, … } | { "some": where, "every": where, "none": where }
//! fields   = name | [name, …] | { name: true | false, … }
//! order    = "name DESC, …" | ["name DESC", …]
//! include  = name | inclusion | [name | inclusion, …]
//! inclusion = { "relation": name, "scope": filter }
//! ```
//!
//! All members of an object apply together. The text is read once, straight into the checked forms.

mod near;
mod operators;
mod reader;
mod scope;
#[cfg(test)]
mod tests;
mod values;
mod wheres;

use crate::{Filter, FilterError, Inclusion, Model, Scope};
use reader::Reader;

/// Whether the text of a filter is a filter object.
pub(crate) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Parses a whole filter object.
pub(crate) fn scope(model: &Model, text: &str) -> Result<Scope, FilterError> {
    let mut reader = Reader::new(text)?;
    let scope = reader.scope(model, 0)?;
    reader.end()?;
    Ok(scope)
}

/// Parses a filter object where only a condition has a meaning.
pub(crate) fn only_where(model: &Model, text: &str) -> Result<Filter, FilterError> {
    let scope = scope(model, text)?;
    match scope {
        Scope {
            filter,
            order: None,
            // Of what has no order it says nothing.
            nearest: _,
            limit: None,
            skip: None,
            fields: None,
            include,
        } if include.is_empty() => Ok(filter.unwrap_or(Filter::True)),
        _ => Err(FilterError::new(1, "only `where` has a meaning here")),
    }
}

/// Parses the value of `include`.
pub(crate) fn include(model: &Model, text: &str) -> Result<Vec<Inclusion>, FilterError> {
    let mut reader = Reader::new(text)?;
    let include = reader.include(model, 0)?;
    reader.end()?;
    Ok(include)
}
