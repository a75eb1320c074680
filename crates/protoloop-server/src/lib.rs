//! From handlers to a running server: every layer, in its order, on one port.
//!
//! - [`Server`]: builds, checks and serves. [`ServerConfig`] holds its bounds, all with safe defaults; [`Replacer`]
//!   changes schema and handlers while it runs.
//! - [`Dispatcher`]: from a method to its handler.
//! - [`Sequence`], [`Phase`]: the named phases in front of every handler; [`CallLayer`] and [`TowerLayer`] are what
//!   users attach to them.
//! - [`Check`]: what the server needs to be ready, behind `/readyz` and `grpc.health.v1`.
//! - [`telemetry`], [`shutdown`]: logs and signals for a process that has neither yet.

#[cfg(test)]
extern crate self as protoloop_server;

mod config;
mod connect;
mod dispatch;
#[cfg(test)]
#[path = "../tests/it/fixture.rs"]
mod fixture;
mod foreign;
mod grpc;
mod health;
mod port;
mod reflection;
mod rest;
mod sequence;
mod server;
pub mod shutdown;
mod socket;
pub mod telemetry;
mod transport;

pub use config::{ConfigError, ServerConfig, TlsFiles};
pub use dispatch::Dispatcher;
pub use health::{Check, LIVENESS, READINESS};
pub use port::Cors;
pub use protoloop_gateway::{
    ErrorFormat, Forms, HeaderNames, HeaderRule, HeaderRules, PathProfile, RestOptions,
    TrailingSlash, UnknownQuery,
};
pub use sequence::{
    CallLayer, CatchPanic, FieldBehavior, HandlerService, Limits, Phase, Sequence, TowerLayer,
    Trace, TrustedProxy, layer_fn,
};
pub use server::{Replacer, Server, ServerBuilder, StartError};
