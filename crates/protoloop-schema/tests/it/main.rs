//! The schema as its readers see it.

mod bundled;
mod compatibility;
mod diagnostics;
mod merge;
mod models;
mod print;
mod related;
mod rules;
mod support;
mod todo;
mod types;
