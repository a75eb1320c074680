//! What a filter or an order may cost.

/// Bytes of text.
pub(crate) const TEXT: usize = 8 * 1024;

/// Nesting of parentheses.
pub(crate) const DEPTH: usize = 32;

/// Conditions in one filter.
pub(crate) const CONDITIONS: usize = 500;

/// Compiled size of a regular expression, in bytes.
pub(crate) const REGEXP: usize = 256 * 1024;

/// Terms of an order.
pub(crate) const ORDER_TERMS: usize = 16;
