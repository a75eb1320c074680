//! The connector on a private server.

mod faults;
mod laws;
mod migrations;
#[cfg(feature = "with-mysql")]
mod mysql;
mod random;
mod statements;
