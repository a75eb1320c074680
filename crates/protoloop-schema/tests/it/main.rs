//! The schema as its readers see it.

mod bundled;
mod support;
mod types;
