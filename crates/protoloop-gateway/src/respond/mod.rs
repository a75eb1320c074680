//! Replies and errors to HTTP answers.

mod compress;
mod error;
mod form;
mod ok;

pub(crate) use error::{ErrorShape, Refusal, refuse};
pub(crate) use form::Form;
pub(crate) use ok::{How, answer};
