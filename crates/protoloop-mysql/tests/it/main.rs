//! The connector on a private server.

mod faults;
mod laws;
mod migrations;
mod mysql;
mod random;
mod statements;
