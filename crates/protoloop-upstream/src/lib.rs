//! Calls answered by others: a gRPC server somewhere, or a tonic service in the same process.
//!
//! - [`Upstream`]: one service's servers, with connections that are known to work, health checks and retries;
//!   [`Upstream::handler`] answers a method by them.
//! - [`Upstreams`]: several of them, chosen by service: the most specific [`Selector`] wins.
//! - [`InProcess`]: a tower service such as tonic's `Routes` as a handler.
//! - [`reflect`]: the schema of an upstream by server reflection.
//!
//! Messages pass as they are, in both directions and as they come; metadata, trailers, status and details with them. The
//! time that is left of the deadline is sent as `grpc-timeout`, and a dropped call resets the upstream's stream.

mod abort;
mod address;
mod codec;
mod config;
mod connect;
mod endpoint;
mod exchange;
mod handler;
mod in_process;
mod reflection;
mod retry;
mod routing;
mod tls;
mod upstream;

pub use config::{ConfigError, UpstreamConfig, UpstreamTls};
pub use in_process::InProcess;
pub use reflection::{Reflected, reflect};
pub use retry::RetryPolicy;
pub use routing::{Selector, SelectorError, Upstreams};
pub use upstream::Upstream;
