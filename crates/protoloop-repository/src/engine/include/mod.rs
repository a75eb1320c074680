//! Inclusion of related rows in the answers of Get, List and BatchGet, and in rows that code reads by hand.
//!
//! A request's `include` becomes a tree of [`Branch`]es, which is checked against the models before anything is read.
//! Each branch is one question to the repository of its model, whatever the number of rows above it: their keys are
//! gathered, each once, and the answer is handed out again. Included rows are written into the navigation fields as
//! bytes; what callers do not see of them is stripped as in answers of their own.

mod attach;
mod by_hand;
mod keys;
mod load;
mod tree;

use std::sync::Arc;

use bytes::Bytes;
use protoloop_wire::mask::Mask;

use super::operation::Subject;
use crate::{Model, Record, Repository};

pub(super) use attach::{Attached, attach};
pub use by_hand::include;
pub(super) use tree::{Branch, columns_of};

/// The most rows that an answer includes, those counted again that stand in it several times.
const MAX_ROWS: usize = 100_000;

/// The rows of a model, as they are included.
pub(super) trait Included: Send + Sync {
    fn model(&self) -> &Arc<Model>;

    fn repository(&self) -> &dyn Repository<Record>;

    /// What is to be seen of a row.
    fn shown(&self, row: Record, mask: Option<&Mask>) -> Bytes;
}

impl Included for Subject {
    fn model(&self) -> &Arc<Model> {
        &self.model
    }

    fn repository(&self) -> &dyn Repository<Record> {
        &*self.repository
    }

    fn shown(&self, row: Record, mask: Option<&Mask>) -> Bytes {
        self.answer(row, mask)
    }
}
