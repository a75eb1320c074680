//! The test kit.

pub mod databases;
pub mod faults;
mod proto;

pub use proto::{served_tables, tables};
