//! Microservices on Kubernetes.
//!
//! - [`api`]: the custom resource [`Microservice`](api::Microservice), its rules and its status.
//! - [`children`]: from a `Microservice` and some [`Facts`](children::Facts) to every object that it becomes. Pure: no
//!   cluster, no clock, no I/O. Helm's templates and the manifests below `k8s/` say the same, and tests hold them to it.
//! - [`rollout`]: how far the pods of a service are.
//! - `client` (feature `client`): how a cluster is told.
//! - `schema` (feature `controller`): which schema is served next, and how the database gets there.
//! - `controller` (feature `controller`): keeps a cluster that way.

// The derived schemas are functions with structs in them, which cannot be reached.
#[allow(unreachable_pub)]
pub mod api;
pub mod children;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "controller")]
pub mod controller;
#[cfg(feature = "client")]
pub mod deploy;
#[cfg(feature = "client")]
mod discovery;
pub mod rollout;
#[cfg(feature = "controller")]
pub mod schema;
