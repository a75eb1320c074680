//! The test kit.

pub mod databases;
pub mod faults;
pub mod migrations;
mod proto;
pub mod statements;

pub use proto::{served_tables, tables};
