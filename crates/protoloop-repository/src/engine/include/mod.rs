//! Inclusion of related rows in the answers of Get, List and BatchGet.
//!
//! A request's `include` becomes a tree of [`Branch`]es, which is checked against the models before anything is read.
//! Each branch is one question to the repository of its model, whatever the number of rows above it: their keys are
//! gathered, each once, and the answer is handed out again. Included rows are written into the navigation fields as
//! bytes; what callers do not see of them is stripped as in answers of their own.

mod attach;
mod keys;
mod load;
mod tree;

pub(super) use attach::{Attached, attach};
pub(super) use tree::{Branch, columns_of};

/// The most rows that an answer includes, those counted again that stand in it several times.
const MAX_ROWS: usize = 100_000;
