//! The schema as its readers see it.

mod support;
mod types;
