//! The SQLite connector.
//!
//! [`SqliteConnector::open`] opens a file; [`Options`] tells what its URL may say. Writes go through one connection; those
//! that wait for the same sync of the disk share a transaction. Reads go through several others, which writers do not
//! hold up.
//!
//! An acknowledged write is in the write-ahead log: it survives the end of the process in any case, and a loss of power
//! with `synchronous=full`, which is the default.

// The helpers of the integration tests name the crate as they see it.
#[cfg(test)]
extern crate self as protoloop_sqlite;

mod alter;
mod answer;
mod arguments;
mod connection;
mod connector;
mod driver;
mod error;
mod failure;
mod gather;
mod migrate;
mod native;
mod options;
mod queue;
mod readers;
mod repository;
mod row;
mod store;
mod stream;
mod transaction;

pub use connector::SqliteConnector;
pub use options::{Options, Synchronous};
