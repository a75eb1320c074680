//! Text and values of one statement.

use crate::SqlValue;

/// A statement: its text, in which every value is a placeholder, and the values in order of the placeholders.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The text. Names in it are quoted; it holds no value that a caller gave.
    pub sql: String,
    /// The values to bind.
    pub values: Vec<SqlValue<'static>>,
}

impl Statement {
    /// The outcome of a sea-query build.
    pub(crate) fn new((sql, values): (String, sea_query::Values)) -> Self {
        Self {
            sql,
            values: values.0.into_iter().map(SqlValue::from).collect(),
        }
    }
}
