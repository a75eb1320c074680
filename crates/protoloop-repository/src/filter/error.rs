//! What is wrong with a filter or an order.

use std::fmt;

use protoloop_core::Error;

/// A mistake in the text of a filter or order, with the column where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// Column of the mistake in characters, from 1.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl FilterError {
    pub(crate) fn new(column: usize, message: impl Into<String>) -> Self {
        Self {
            column,
            message: message.into(),
        }
    }

    /// INVALID_ARGUMENT about the request field that held the text, such as `filter`.
    #[must_use]
    pub fn at_field(&self, field: &str) -> Error {
        Error::invalid_field(field, self.to_string())
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl std::error::Error for FilterError {}
