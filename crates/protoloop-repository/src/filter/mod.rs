//! What rows are asked for.

mod check;
mod condition;
mod equals;
mod error;
mod eval;
mod functions;
mod has;
pub(crate) mod json;
mod like;
pub(crate) mod limits;
mod literal;
mod related;
mod scoped;
pub(crate) mod suggest;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;
mod time;

use std::sync::Arc;

pub use error::FilterError;
pub(crate) use functions::NO_PLACE;
pub(crate) use json::is_json;
pub(crate) use related::RelatedValues;
pub use related::{Matcher, Rows};
pub use scoped::SeenRows;

use crate::{Link, PropertyPath, Value};

/// A condition on rows, resolved and type-checked against a model.
///
/// It is two-valued: a row fulfils it or not, and [`Filter::Not`] selects exactly the other rows. On a null property
/// every test but `NOT` is false; so [`CompareOp::Ne`] (the complement of `Eq`) and a negated `In` match rows where the
/// property is null. A connector over three-valued SQL must translate `Not` and `Ne` accordingly.
///
/// [`Value`]s have the variant that the path's leaf asks for and are never [`Value::Null`].
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All rows.
    True,
    /// No row.
    False,
    /// All of them hold; true when empty.
    And(Vec<Self>),
    /// One of them holds; false when empty.
    Or(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// The property is present: not null, and for a list or map not empty.
    Has {
        /// Any leaf with presence, a list, a map, or the key of a map.
        path: PropertyPath,
    },
    /// The property compares so with a value.
    Compare {
        /// A single leaf that is no message.
        path: PropertyPath,
        /// How.
        op: CompareOp,
        /// With what.
        value: Value,
    },
    /// The property equals one of the values; no row when there are none.
    In {
        /// A single leaf that is no message.
        path: PropertyPath,
        /// The values.
        values: Vec<Value>,
    },
    /// The whole string matches a pattern in which `%` stands for any characters, `_` for one, and a backslash takes
    /// the next character as it is.
    Like {
        /// A single string leaf.
        path: PropertyPath,
        /// The pattern. A backslash at its end stands for itself.
        pattern: String,
        /// Where letters match in either case, by Unicode's simple case folding: the same as a regular expression.
        folded: Option<Pattern>,
    },
    /// A regular expression is found in the string.
    Regexp {
        /// A single string leaf.
        path: PropertyPath,
        /// The expression.
        pattern: Pattern,
    },
    /// A list holds an element equal to the value, or a map of strings holds the key.
    Contains {
        /// A list leaf whose elements are no messages; or a map leaf, with a string value for the key.
        path: PropertyPath,
        /// The element or key.
        value: Value,
    },
    /// Every element of a list equals one of the values; so does an empty list. Not so where the list is below an absent
    /// message.
    ContainedBy {
        /// A list leaf whose elements are no messages.
        path: PropertyPath,
        /// The values.
        values: Vec<Value>,
    },
    /// The number of elements of a list, or of entries of a map, compares so. Below an absent message it is null.
    Length {
        /// A list or map leaf.
        path: PropertyPath,
        /// How.
        op: CompareOp,
        /// With what.
        value: u64,
    },
    /// An element of a list of messages fulfils a filter. Its negation says that none does.
    Element(Box<Element>),
    /// A related row fulfils a filter. Its negation says that none does.
    Related(Box<Related>),
}

/// A condition on the elements of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// A list leaf whose elements are messages.
    pub list: PropertyPath,
    /// What one of them fulfils. Its paths begin in the element, and it asks for no related rows.
    pub filter: Filter,
}

/// A condition on related rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Related {
    /// Which rows.
    pub link: Link,
    /// What one of them fulfils, besides the link's scope.
    pub filter: Filter,
}

/// How a property compares with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each has its operator beside it")]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `!=`, the complement of `=`: also true for null.
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A compiled regular expression in the syntax of RE2, which matches in linear time.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<regex::Regex>);

impl Pattern {
    /// The source text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it is found in `text`.
    #[must_use]
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}
