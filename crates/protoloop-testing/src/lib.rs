//! The test kit.

pub mod databases;
pub mod faults;
pub mod migrations;
mod proto;

pub use proto::{served_tables, tables};
