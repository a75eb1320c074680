//! Replies and errors to HTTP answers.

mod error;
mod ok;

pub(crate) use error::{ErrorShape, Refusal, refuse};
pub(crate) use ok::{How, answer};
