//! The test kit.

pub mod databases;
pub mod faults;
pub mod migrations;
pub mod native;
mod proto;
mod questions;
pub mod references;
pub mod statements;
pub mod streams;

pub use proto::{served_tables, tables};
pub use questions::random_questions;
