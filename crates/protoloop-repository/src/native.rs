//! Statements in the store's own language.

use std::sync::Arc;

use crate::Value;

/// What a native statement answered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Executed {
    /// The rows, where it selects or returns some.
    pub rows: Vec<NativeRow>,
    /// How many rows it changed, as the store counts them.
    pub affected: u64,
}

/// A row of an answer: named values, in the types of the store. Whole numbers are [`Value::I64`], or [`Value::U64`] beyond
/// it; a type that has no counterpart is text.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeRow {
    columns: Arc<[Arc<str>]>,
    values: Vec<Value>,
}

impl NativeRow {
    /// A row of as many values as there are columns.
    #[must_use]
    pub fn new(columns: Arc<[Arc<str>]>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// The names of the columns, in order.
    #[must_use]
    pub fn columns(&self) -> &[Arc<str>] {
        &self.columns
    }

    /// The values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of the first column of a name.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&Value> {
        let at = self.columns.iter().position(|name| **name == *column)?;
        self.values.get(at)
    }
}
