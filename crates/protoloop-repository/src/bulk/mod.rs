//! Changing and reading many rows at once.

mod changes;
mod each;
mod pages;
#[cfg(test)]
mod tests;

use std::pin::Pin;

use futures_core::Stream;
use protoloop_core::Result;

pub use changes::Changes;
pub(crate) use each::{PAGE, delete_each, keys, update_each};
pub use pages::pages;
pub(crate) use pages::pages_of;

/// Rows as they come from the store; an error ends them.
pub type RowStream<'a, E> = Pin<Box<dyn Stream<Item = Result<E>> + Send + 'a>>;
