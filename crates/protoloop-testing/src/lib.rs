//! The test kit.

pub mod databases;
mod proto;

pub use proto::tables;
