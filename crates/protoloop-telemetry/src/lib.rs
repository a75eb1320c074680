//! Metrics and traces by OpenTelemetry.
//!
//! - [`Settings`]: what is asked for, by the standard environment variables.
//! - [`Telemetry`]: what watches the process, as an [`Observer`](protoloop_core::observe::Observer), and gives what it saw to
//!   Prometheus and to a collector.
//! - [`Page`]: `/metrics`, on a port of its own.
//! - [`METRICS`]: every metric there is.

mod attributes;
mod definitions;
mod observer;
mod operations;
mod outcomes;
mod page;
mod process;
mod requests;
mod settings;
mod spans;
mod telemetry;
mod upstream;

pub use definitions::{Definition, Kind, METRICS};
pub use page::Page;
pub use settings::{Settings, SettingsError};
pub use telemetry::{Telemetry, TelemetryError};
