//! The connector on a file.

mod durability;
mod errors;
mod gather;
mod indexes;
mod laws;
mod migrations;
mod random;
mod same_as_memory;
mod start;
mod streams;
mod support;
mod transactions;
mod writers;
