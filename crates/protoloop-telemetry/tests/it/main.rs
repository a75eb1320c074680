//! Telemetry as its parts are told of work, and what it shows of that.

#[path = "../../../../tests/it/support/find.rs"]
mod find;
mod metrics;
mod page;
mod reference;
mod world;
