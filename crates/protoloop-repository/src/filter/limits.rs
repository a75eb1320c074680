//! What a filter or an order may cost.

/// Bytes of text.
pub(crate) const TEXT: usize = 8 * 1024;

/// Bytes of a filter object in JSON, which says more than a condition.
pub(crate) const JSON: usize = 32 * 1024;

/// Nesting of parentheses, and of `and`, `or`, `not`, `some` and their like in JSON.
pub(crate) const DEPTH: usize = 32;

/// Conditions in one filter.
pub(crate) const CONDITIONS: usize = 500;

/// Values of one list, such as that of `inq`.
pub(crate) const LIST: usize = 1_000;

/// Relations that one path follows.
pub(crate) const HOPS: usize = 5;

/// Relations that one filter follows, counted as often as they are written.
pub(crate) const RELATIONS: usize = 32;

/// Compiled size of a regular expression, in bytes.
pub(crate) const REGEXP: usize = 256 * 1024;

/// Terms of an order.
pub(crate) const ORDER_TERMS: usize = 16;

/// Relations that one request includes.
pub(crate) const INCLUSIONS: usize = 32;

/// Levels of inclusions below each other.
pub(crate) const INCLUDE_DEPTH: usize = 5;
