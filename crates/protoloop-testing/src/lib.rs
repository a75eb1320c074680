//! The test kit.

pub mod databases;
pub mod faults;
pub mod migrations;
mod proto;
mod questions;
pub mod statements;

pub use proto::{served_tables, tables};
pub use questions::random_questions;
