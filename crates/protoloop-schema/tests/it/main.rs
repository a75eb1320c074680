//! The schema as its readers see it.

mod bundled;
mod support;
mod todo;
mod types;
