//! The connector on a private server.

mod faults;
mod laws;
mod migrations;
mod random;
mod statements;
