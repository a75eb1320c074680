//! A real Kubernetes of one node, made of plain processes: etcd, the API server, its controllers and scheduler, a kubelet on
//! containerd, kube-proxy and CoreDNS. Pods run, Services route, names resolve; no container engine, no virtual machine.
//!
//! - [`build`] has the programs made once, into a cache folder: the control plane from Go modules that `programs/go.mod`
//!   pins, the rest from Debian's packages;
//! - [`Cluster::up`] starts all of it in a network namespace of its own, in about ten seconds, and [`Cluster::down`]
//!   leaves nothing behind;
//! - [`image`] makes container images without a daemon;
//! - [`command::run`] is the same for people: `cargo xtask cluster up`.
//!
//! It needs Linux and root. Where it cannot run it says why, and nothing is pretended.

mod certificates;
mod cluster;
pub mod command;
mod configuration;
mod daemon;
pub mod image;
mod namespace;
mod programs;
pub mod shell;

pub use cluster::{Cluster, Parts, Settings};
pub use programs::{VERSION, build};

/// What went wrong, in one line that names the command or the file.
pub type Failure = String;

/// The address of the node, in the cluster's network only: programs that tests start there are reached by pods at it.
pub const NODE_ADDRESS: &str = "10.89.0.1";
