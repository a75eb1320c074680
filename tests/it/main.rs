//! Protoloop from outside: the real binary, real clients, a real database file.
//!
//! One module an area. What a test needs beside Rust (Python's grpcio, buf, curl, Chromium) comes from `cargo xtask test`, which
//! tells by environment variables where it is; `support::tools` says what a missing part means.

mod bad_input;
mod batch_write;
mod browser;
mod cli;
mod client_certificates;
mod compatibility;
mod cors;
mod databases;
mod discover;
mod discover_keys;
mod discover_servers;
mod durability;
mod envoy;
mod expect;
mod faults;
mod filters;
mod foreign;
mod forms;
mod gateway;
mod lifecycle;
mod logs;
mod migrations;
mod new;
mod relations;
mod repeats;
mod rolling;
mod support;
mod telemetry;
